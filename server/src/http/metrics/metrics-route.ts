import type { FastifyInstance } from "fastify";
import { Registry } from "prom-client";
import { requireRole } from "../../trpc.js";
import { createContext } from "../auth/context.js";
import { isBearer, type DevelopmentCode } from "../auth/development-code.js";
import type { TokenVerifier } from "../auth/tokens.js";

export interface MetricsRouteOptions {
  /** In Prometheus' text format, of all processes. */
  readonly metrics: () => Promise<string>;
  readonly tokens: TokenVerifier;
  /** A token of Prometheus's own, which is no JWT. */
  readonly metricsToken: string | undefined;
  readonly code: DevelopmentCode | null;
}

/** `GET /metrics` for Prometheus: with its own token or that of a service; in development also with the code. */
export function addMetricsRoute(
  app: FastifyInstance,
  { metrics, tokens, metricsToken, code }: MetricsRouteOptions,
): void {
  app.get("/metrics", async (request, reply) => {
    const isPrometheus = metricsToken !== undefined && isBearer(request.headers.authorization, metricsToken);
    if (!isPrometheus && !code?.isKnownTo(request)) {
      requireRole(await createContext(request.raw, null, tokens).authenticate(), "service", "/metrics");
    }
    return reply.type(Registry.PROMETHEUS_CONTENT_TYPE).send(await metrics());
  });
}
