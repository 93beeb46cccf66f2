import { roles } from "@jobwire/shared";
import { z } from "zod";
import { AppError } from "../app-error.js";
import type { Principal } from "../principal.js";

export interface TokenVerifier {
  /** @throws AppError `TOKEN_INVALID`, `TOKEN_EXPIRED` or `KEYS_UNAVAILABLE` */
  verify(token: string): Promise<Principal>;
}

/** Makes tokens: only where the secret is known, never with a JWKS. */
export interface TokenSigner {
  sign(principal: Principal): Promise<string>;
}

/** Claims that a token must have, where the operator says so. */
export interface RequiredClaims {
  readonly audience?: string | undefined;
  readonly issuer?: string | undefined;
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

/** Who a token speaks for, from its verified payload. @throws AppError `TOKEN_INVALID` */
export function readClaims(payload: unknown): Principal {
  const claims = claimsSchema.safeParse(payload);
  if (!claims.success) {
    throw new AppError("TOKEN_INVALID", `The token's claims are wrong\n${z.prettifyError(claims.error)}`);
  }
  const { sub, role, exp } = claims.data;
  return { userId: sub, role, expiresAt: new Date(exp * 1000) };
}

export function tokenExpired(cause: unknown): AppError {
  return new AppError("TOKEN_EXPIRED", "The token has expired; get a new one.", { cause });
}

export function tokenInvalid(cause: unknown): AppError {
  const message = "The token is malformed, or its signature or algorithm is not accepted.";
  return new AppError("TOKEN_INVALID", message, { cause });
}
