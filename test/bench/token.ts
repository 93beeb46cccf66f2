import { createHmac } from "node:crypto";

/** The secret of every server that verifies tokens. */
export const tokenSecret = "the secret of every benchmark server, 32 characters and more";

const lifetimeS = 3600;

/** A JWT for the user, signed with `tokenSecret`. */
export function signToken(userId: string, role: "user" | "service" = "user"): string {
  const claims = { sub: userId, role, exp: Math.floor(Date.now() / 1000) + lifetimeS };
  const content = `${partOf({ alg: "HS256", typ: "JWT" })}.${partOf(claims)}`;
  return `${content}.${createHmac("sha256", tokenSecret).update(content).digest("base64url")}`;
}

function partOf(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
