import { TRPCError } from "@trpc/server";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import type { FastifyError, FastifyInstance } from "fastify";

/**
 * Errors of everything that is not tRPC: their status and `{ error: { code, message } }`. What fails within the server
 * is logged and not told. No answer repeats the URL: tRPC's connectionParams put tokens into it.
 */
export function addErrorAnswers(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError | TRPCError, request, reply) => {
    const status = statusOf(error);
    if (status >= 500 && !(error instanceof TRPCError && status === 503))
      request.log.error({ err: error, path: request.routeOptions.url }, "request failed");
    const message = status === 500 ? "Something went wrong on the server." : error.message;
    return reply.code(status).send({ error: { code: error.code, message } });
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: { code: "NOT_FOUND", message: "There is nothing at this path." } }),
  );
}

function statusOf(error: FastifyError | TRPCError): number {
  if (error instanceof TRPCError) return getHTTPStatusCodeFromError(error);
  return error.statusCode ?? 500;
}
