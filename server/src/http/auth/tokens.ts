import { roles } from "@jobwire/shared";
import { z } from "zod";
import { AppError } from "../../app-error.js";
import type { Principal } from "../../principal.js";

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
  /** By how many seconds the clock of who made the token may be ahead of this one, for `nbf` and `iat`; default 5. */
  readonly leewayS?: number;
}

export const defaultLeewayS = 5;

/** The last moment that a `Date` has. */
const maxDateS = 8.64e12;

const claimsSchema = z.object({
  sub: z
    .string()
    .min(1)
    .max(256)
    .refine((sub) => sub.isWellFormed(), "is not well-formed Unicode"),
  role: z.enum(roles).default("user"),
  exp: z.number().nonnegative(),
});

/**
 * Who a token speaks for, from its verified payload. The leeway of verifiers is for the beginning of its life, not for its
 * end: streams end at that moment too.
 * @throws AppError `TOKEN_INVALID` or `TOKEN_EXPIRED`
 */
export function readClaims(payload: unknown): Principal {
  const claims = claimsSchema.safeParse(payload);
  if (!claims.success) {
    throw new AppError("TOKEN_INVALID", `The token's claims are wrong\n${z.prettifyError(claims.error)}`);
  }
  const { sub, role, exp } = claims.data;
  if (exp * 1000 <= Date.now()) throw tokenExpired(undefined);
  return { userId: sub, role, expiresAt: new Date(Math.min(exp, maxDateS) * 1000) };
}

export function tokenExpired(cause: unknown): AppError {
  return new AppError("TOKEN_EXPIRED", "The token has expired; get a new one.", { cause });
}

export function tokenInvalid(cause: unknown): AppError {
  const message = "The token is malformed, or its signature or algorithm is not accepted.";
  return new AppError("TOKEN_INVALID", message, { cause });
}
