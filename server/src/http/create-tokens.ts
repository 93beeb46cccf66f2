import { randomBytes } from "node:crypto";
import type { Config } from "../config.js";
import { createJwksTokens } from "./jwks-tokens.js";
import { createSecretTokens } from "./secret-tokens.js";
import type { TokenSigner, TokenVerifier } from "./tokens.js";

export interface Tokens {
  readonly verifier: TokenVerifier;
  /** `null` when the keys are elsewhere. */
  readonly signer: TokenSigner | null;
  /** No secret was configured: one was drawn, and development tokens are handed out. */
  readonly handsOutTokens: boolean;
}

export function createTokens({ jwtSecret, jwksUrl }: Pick<Config, "jwtSecret" | "jwksUrl">): Tokens {
  if (jwksUrl !== undefined)
    return { verifier: createJwksTokens(jwksUrl), signer: null, handsOutTokens: false };
  const tokens = createSecretTokens(jwtSecret ?? randomBytes(32).toString("hex"));
  return { verifier: tokens, signer: tokens, handsOutTokens: jwtSecret === undefined };
}
