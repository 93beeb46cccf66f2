import type { IncomingMessage, ServerResponse } from "node:http";
import cors from "@fastify/cors";
import type { FastifyInstance } from "fastify";

/** Those that the API has; the plugin by itself allows those of forms only. */
const methods = ["GET", "HEAD", "POST", "PUT", "DELETE"];
const exposedHeaders = ["Retry-After"];

/** CORS: pages of these origins may call this server, and read its answers. */
export async function addCrossOriginSharing(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  await app.register(cors, { origin: [...origins], credentials: true, methods, exposedHeaders });
}

/** @returns puts the same headers on a response that Fastify does not see. */
export function createSharingHeaders(
  origins: readonly string[],
): (request: IncomingMessage, response: ServerResponse) => void {
  const forAll = new Map([
    ["vary", "Origin"],
    ["access-control-allow-credentials", "true"],
    ["access-control-expose-headers", exposedHeaders.join(", ")],
  ]);
  return ({ headers: { origin } }, response) => {
    response.setHeaders(forAll);
    if (origin !== undefined && origins.includes(origin))
      response.setHeader("access-control-allow-origin", origin);
  };
}
