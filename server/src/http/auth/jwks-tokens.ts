import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from "jose";
import { AppError } from "../../app-error.js";
import {
  defaultLeewayS,
  readClaims,
  tokenExpired,
  tokenInvalid,
  type RequiredClaims,
  type TokenVerifier,
} from "./tokens.js";

/** Asymmetric ones only: a public key must never pass for a shared secret. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

/** Keys from a JWKS URL: fetched when needed, again when a token names a key that is not known. */
export function createJwksTokens(
  url: string,
  { audience, issuer, leewayS = defaultLeewayS }: RequiredClaims = {},
): TokenVerifier {
  const options = {
    algorithms,
    clockTolerance: leewayS,
    ...(audience !== undefined && { audience }),
    ...(issuer !== undefined && { issuer }),
  };
  const remoteKeys = createRemoteJWKSet(new URL(url));
  const keys: JWTVerifyGetKey = async (header, token) => {
    try {
      return await remoteKeys(header, token);
    } catch (cause) {
      if (cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys)
        throw cause;
      const message = "The key server (JWKS) cannot be read; try again shortly.";
      throw new AppError("KEYS_UNAVAILABLE", message, { cause });
    }
  };
  const payloadOf = async (token: string): Promise<JWTPayload> => {
    try {
      return (await jwtVerify(token, keys, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      // The token does not name its key, or names several: whichever has signed it.
      for await (const key of error) {
        try {
          return (await jwtVerify(token, key, options)).payload;
        } catch (refusal) {
          if (!(refusal instanceof errors.JWSSignatureVerificationFailed)) throw refusal;
        }
      }
      throw error;
    }
  };
  return {
    async verify(token) {
      try {
        return readClaims(await payloadOf(token));
      } catch (error) {
        if (error instanceof errors.JWTExpired) throw tokenExpired(error);
        throw error instanceof errors.JOSEError ? tokenInvalid(error) : error;
      }
    },
  };
}
