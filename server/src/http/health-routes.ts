import type { FastifyInstance } from "fastify";

/** `/healthz`: the process is up. `/readyz`: it can do its work, so send it traffic. */
export function addHealthRoutes(app: FastifyInstance, ping: () => Promise<void>): void {
  app.get("/healthz", async () => ({ status: "ok" }));
  app.get("/readyz", async (_request, reply) => {
    try {
      await ping();
      return { status: "ready" };
    } catch {
      return reply.code(503).send({ status: "unavailable", store: "unreachable" });
    }
  });
}
