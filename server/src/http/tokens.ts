import { webcrypto } from "node:crypto";
import { roles, type Role } from "@jobwire/shared";
import { createRemoteJWKSet, errors, jwtVerify, SignJWT, type JWTPayload, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { AppError } from "../app-error.js";
import type { Principal } from "../principal.js";

export interface TokenVerifier {
  /** @throws AppError `TOKEN_INVALID` or `TOKEN_EXPIRED` */
  verify(token: string): Promise<Principal>;
}

/** Makes tokens: only where the secret is known, never with a JWKS. */
export interface TokenSigner {
  sign(principal: Principal): Promise<string>;
}

const claimsSchema = z.object({
  sub: z
    .string()
    .min(1)
    .max(256)
    .refine((sub) => sub.isWellFormed(), "is not well-formed Unicode"),
  role: z.enum(roles).default("user"),
  exp: z.number(),
});

/** HS256 with a shared secret. No other algorithm is accepted. */
export function createSecretTokens(secret: string): TokenVerifier & TokenSigner {
  // Imported once: for bytes jose would do so again for each token.
  const key = webcrypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign", "verify"],
  );
  return {
    verify: (token) => verified(async () => jwtVerify(token, await key, { algorithms: ["HS256"] })),
    sign: async ({ userId, role, expiresAt }) =>
      new SignJWT({ role } satisfies { role: Role })
        .setProtectedHeader({ alg: "HS256" })
        .setSubject(userId)
        .setIssuedAt()
        .setExpirationTime(expiresAt)
        .sign(await key),
  };
}

/** Asymmetric keys from a JWKS URL: fetched when needed, again when a token names a key that is not known. */
export function createJwksTokens(url: string): TokenVerifier {
  const remoteKeys = createRemoteJWKSet(new URL(url));
  const keys: JWTVerifyGetKey = async (header, token) => {
    try {
      return await remoteKeys(header, token);
    } catch (cause) {
      if (cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys)
        throw cause;
      throw new AppError("KEYS_UNAVAILABLE", "The key server (JWKS) cannot be read; try again shortly.", {
        cause,
      });
    }
  };
  const algorithms = [
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
  ];
  return { verify: (token) => verified(() => jwtVerify(token, keys, { algorithms })) };
}

async function verified(verify: () => Promise<{ payload: JWTPayload }>): Promise<Principal> {
  try {
    const { sub, role, exp } = claimsSchema.parse((await verify()).payload);
    return { userId: sub, role, expiresAt: new Date(exp * 1000) };
  } catch (error) {
    throw explain(error);
  }
}

function explain(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) {
    return new AppError("TOKEN_EXPIRED", "The token has expired; get a new one.");
  }
  if (error instanceof z.ZodError) {
    return new AppError("TOKEN_INVALID", `The token's claims are wrong\n${z.prettifyError(error)}`);
  }
  if (error instanceof errors.JOSEError) {
    return new AppError(
      "TOKEN_INVALID",
      "The token is malformed, or its signature or algorithm is not accepted.",
    );
  }
  return error;
}
