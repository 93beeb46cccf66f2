import { createSigner, createVerifier, TokenError } from "fast-jwt";
import {
  defaultLeewayS,
  readClaims,
  tokenExpired,
  tokenInvalid,
  type RequiredClaims,
  type TokenSigner,
  type TokenVerifier,
} from "./tokens.js";

/**
 * HS256 with a shared secret; no other algorithm is accepted. Verified in place, without the way through a thread that
 * WebCrypto takes: it is a good part of what opening a stream costs.
 */
export function createSecretTokens(
  secret: string,
  { audience, issuer, leewayS = defaultLeewayS }: RequiredClaims = {},
): TokenVerifier & TokenSigner {
  const verify: (token: string) => unknown = createVerifier({
    key: secret,
    algorithms: ["HS256"],
    cache: false,
    clockTolerance: leewayS * 1000,
    requiredClaims: [...(audience === undefined ? [] : ["aud"]), ...(issuer === undefined ? [] : ["iss"])],
    ...(audience !== undefined && { allowedAud: audience }),
    ...(issuer !== undefined && { allowedIss: issuer }),
  });
  const sign = createSigner({
    key: secret,
    algorithm: "HS256",
    ...(audience !== undefined && { aud: audience }),
    ...(issuer !== undefined && { iss: issuer }),
  });
  return {
    async verify(token) {
      try {
        return readClaims(verify(token));
      } catch (error) {
        if (!(error instanceof TokenError)) throw error;
        throw error.code === TokenError.codes.expired ? tokenExpired(error) : tokenInvalid(error);
      }
    },
    sign: async ({ userId, role, expiresAt }) =>
      sign({ sub: userId, role, exp: Math.floor(expiresAt.getTime() / 1000) }),
  };
}
