import type { FastifyInstance } from "fastify";

export interface HealthRoutesOptions {
  /** Resolves when the store answers. */
  readonly ping: () => Promise<void>;
  readonly isStopping: () => boolean;
}

/** `/healthz`: the process is up. `/readyz`: it can do its work, so send it traffic. */
export function addHealthRoutes(app: FastifyInstance, { ping, isStopping }: HealthRoutesOptions): void {
  app.get("/healthz", async () => ({ status: "ok" }));
  app.get("/readyz", async (_request, reply) => {
    if (isStopping()) return reply.code(503).send({ status: "stopping" });
    try {
      await ping();
      return { status: "ready" };
    } catch {
      return reply.code(503).send({ status: "unavailable", store: "unreachable" });
    }
  });
}
