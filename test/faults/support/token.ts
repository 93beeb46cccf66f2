import type { Role } from "@jobwire/shared";
import { SignJWT } from "jose";

/** Of every server of a run. */
export const tokenSecret = "the secret of every fault run, 32 characters and more";

/** Valid for one hour. */
export function signToken(sub: string, role: Role): Promise<string> {
  return new SignJWT({ role })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(sub)
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(tokenSecret));
}
