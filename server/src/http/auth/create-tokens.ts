import { randomBytes } from "node:crypto";
import type { Config } from "../../config.js";
import { createJwksTokens } from "./jwks-tokens.js";
import { createSecretTokens } from "./secret-tokens.js";
import type { TokenSigner, TokenVerifier } from "./tokens.js";

export interface Tokens {
  readonly verifier: TokenVerifier;
  /** `null` when the keys are elsewhere (JWKS). */
  readonly signer: TokenSigner | null;
  /** No secret was configured: one was drawn, and development tokens are handed out. */
  readonly handsOutTokens: boolean;
}

/** @param drawnSecret Where none is configured. */
export function createTokens(
  { jwtSecret, jwksUrl, jwtClaims }: Pick<Config, "jwtSecret" | "jwksUrl" | "jwtClaims">,
  drawnSecret = randomBytes(32).toString("hex"),
): Tokens {
  if (jwksUrl !== undefined)
    return { verifier: createJwksTokens(jwksUrl, jwtClaims), signer: null, handsOutTokens: false };
  const tokens = createSecretTokens(jwtSecret ?? drawnSecret, jwtClaims);
  return { verifier: tokens, signer: tokens, handsOutTokens: jwtSecret === undefined };
}
