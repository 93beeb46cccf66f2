import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";

const header = "x-jobwire-code";

/**
 * What a server tells whoever started it, and nobody else. Where a request comes from proves nothing: behind a proxy all
 * of them come from this machine. Not there in production.
 */
export class DevelopmentCode {
  constructor(readonly text: string) {}

  /** Whether the request carries the code, in the header `x-jobwire-code` or as `?code=`. */
  isKnownTo({ headers, query }: FastifyRequest): boolean {
    const fromQuery = typeof query === "object" && query !== null && "code" in query ? query.code : undefined;
    const given = headers[header] ?? fromQuery;
    return typeof given === "string" && timingSafeEqual(digestOf(given), digestOf(this.text));
  }
}

/** Whether the header `Authorization` carries this secret. */
export function isBearer(authorization: string | undefined, secret: string): boolean {
  return timingSafeEqual(digestOf(authorization ?? ""), digestOf(`Bearer ${secret}`));
}

/** Of one length, whatever is given. */
function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
