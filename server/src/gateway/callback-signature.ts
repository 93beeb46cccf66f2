import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** `t=<seconds>,v1=<hex>`: HMAC-SHA-256 with the secret over `<seconds>.<body>`. */
export const signatureHeader = "x-jobwire-signature";

/** How old, or how far ahead, a signature may be. */
const toleranceS = 300;

export function sign(body: string, secret: string, nowMs = Date.now()): string {
  const seconds = Math.floor(nowMs / 1000);
  return `t=${seconds},v1=${digestOf(seconds, body, secret)}`;
}

export function isSigned(
  signature: string,
  {
    body,
    secret,
    nowMs = Date.now(),
  }: { readonly body: string; readonly secret: string; readonly nowMs?: number },
): boolean {
  const [, seconds = "", digest = ""] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
  if (digest === "" || Math.abs(nowMs / 1000 - Number(seconds)) > toleranceS) return false;
  return isSame(digest, digestOf(Number(seconds), body, secret));
}

/** Compares texts without telling by the time it takes where they differ. */
export function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(hashOf(given), hashOf(expected));
}

function digestOf(seconds: number, body: string, secret: string): string {
  return createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
}

function hashOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
