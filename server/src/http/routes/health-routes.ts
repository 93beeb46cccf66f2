import type { FastifyInstance } from "fastify";
import { AppError } from "../../app-error.js";

export interface HealthRoutesOptions {
  /** Resolves when the store answers. */
  readonly ping: () => Promise<void>;
  /** What the operator should mend although it works. */
  readonly warnings: () => readonly string[];
  readonly isStopping: () => boolean;
  /** The other processes that listen on this port are not up yet. */
  readonly isStarting: () => boolean;
}

/** `/healthz`: the process is up. `/readyz`: it can do its work, so send it traffic. */
export function addHealthRoutes(
  app: FastifyInstance,
  { ping, warnings, isStopping, isStarting }: HealthRoutesOptions,
): void {
  app.get("/healthz", async () => ({ status: "ok" }));
  app.get("/readyz", async (_request, reply) => {
    if (isStopping()) return reply.code(503).send({ status: "stopping" });
    if (isStarting()) return reply.code(503).send({ status: "starting" });
    try {
      await ping();
      const all = warnings();
      return { status: "ready", ...(all.length > 0 && { warnings: all }) };
    } catch (error) {
      const reason = error instanceof AppError ? error.message : "The event store does not answer.";
      return reply.code(503).send({ status: "unavailable", store: "unreachable", reason });
    }
  });
}
