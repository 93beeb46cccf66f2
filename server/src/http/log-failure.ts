import type { TRPCError } from "@trpc/server";
import type { FastifyBaseLogger } from "fastify";

/** Callers are told of their own mistakes; the log is for ours. */
export function logFailure(log: FastifyBaseLogger, error: TRPCError, path: string | undefined): void {
  if (error.code === "INTERNAL_SERVER_ERROR") log.error({ err: error.cause ?? error, path }, "call failed");
}
