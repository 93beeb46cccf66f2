import { TRPCError } from "@trpc/server";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import type { FastifyError, FastifyInstance } from "fastify";
import { z } from "zod";
import { AppError } from "../app-error.js";
import { httpErrorCode } from "./http-error-code.js";
import { retryHeaders } from "./retry-headers.js";

/**
 * Errors of everything that is not tRPC: their status and `{ error: { code, reason?, message } }`. What fails within the server
 * is logged and not told. No answer repeats the URL: tRPC's connectionParams put tokens into it.
 */
export function addErrorAnswers(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError | TRPCError, request, reply) => {
    const status = statusOf(error);
    if (status >= 500 && !(error instanceof TRPCError && status === 503))
      request.log.error({ err: error, path: request.routeOptions.url }, "request failed");
    // The limits of calls know it better.
    if (!reply.hasHeader("retry-after")) reply.headers(retryHeaders(status));
    return reply.code(status).send({ error: status === 500 ? fault : whatToTell(error) });
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: { code: "NOT_FOUND", message: "There is nothing at this path." } }),
  );
}

const fault = { code: "INTERNAL_SERVER_ERROR", message: "Something went wrong on the server." };

function whatToTell(error: FastifyError | TRPCError) {
  if (!(error instanceof TRPCError)) {
    const code = httpErrorCode(error.statusCode);
    // Of what has no word in tRPC the HTTP layer's own is told.
    return { code: code === "INTERNAL_SERVER_ERROR" ? error.code : code, message: error.message };
  }
  const { code, cause, message } = error;
  if (error instanceof AppError) return { code, reason: error.reason, message };
  if (code === "BAD_REQUEST" && cause instanceof z.ZodError)
    return { code, reason: "INPUT_INVALID", message: `Invalid input\n${z.prettifyError(cause)}` };
  return { code, message };
}

function statusOf(error: FastifyError | TRPCError): number {
  if (error instanceof TRPCError) return getHTTPStatusCodeFromError(error);
  return error.statusCode ?? 500;
}
