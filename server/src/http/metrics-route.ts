import type { FastifyInstance } from "fastify";
import type { Registry } from "prom-client";
import { requireRole } from "../trpc.js";
import { createContext } from "./context.js";
import { isLocal } from "./local-request.js";
import type { TokenVerifier } from "./tokens.js";

/** `GET /metrics` for Prometheus: on this machine for anybody, from elsewhere with a service token. */
export function addMetricsRoute(
  app: FastifyInstance,
  { registry, tokens }: { readonly registry: Registry; readonly tokens: TokenVerifier },
): void {
  app.get("/metrics", async (request, reply) => {
    if (!isLocal(request)) {
      requireRole(await createContext(request.raw, null, tokens).authenticate(), "service", "/metrics");
    }
    return reply.type(registry.contentType).send(await registry.metrics());
  });
}
