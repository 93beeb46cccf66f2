import type { IncomingMessage, ServerResponse } from "node:http";
import { createSharingHeaders } from "./cross-origin-sharing.js";
import { createPageSecurity } from "./page-security.js";

export interface AnswerHeadersOptions {
  readonly pictureOrigins: readonly string[];
  readonly corsOrigins: readonly string[];
}

/** @returns puts on a response what every answer carries, those that Fastify does not see too. */
export function createAnswerHeaders({
  pictureOrigins,
  corsOrigins,
}: AnswerHeadersOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const pageSecurity = createPageSecurity(pictureOrigins);
  const putSharing = createSharingHeaders(corsOrigins);
  return (request, response) => {
    response.setHeaders(pageSecurity);
    putSharing(request, response);
  };
}
