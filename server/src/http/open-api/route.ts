import type { FastifyInstance } from "fastify";
import type { AppRouter } from "../../app-router.js";
import { createOpenApi } from "./document.js";

/** `GET /api/openapi.json`: the plain HTTP surface for programs, without a token; it is in the package too. */
export function addOpenApiRoute(app: FastifyInstance, router: AppRouter): void {
  let text: string | undefined;
  app.get("/api/openapi.json", { exposeHeadRoute: false }, async (_request, reply) => {
    text ??= JSON.stringify(createOpenApi(router));
    return reply.header("content-type", "application/json; charset=utf-8").send(text);
  });
}
