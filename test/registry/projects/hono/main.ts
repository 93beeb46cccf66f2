/** Hono: subscriptions go to Jobwire with Node's own request and response, calls to tRPC's fetch adapter. */
import { type HttpBindings, serve } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { createSseHandler } from "@jobwire/server/sse";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { Hono } from "hono";
import { router } from "./orders.js";

const sse = createSseHandler({ router, createContext: () => ({}), basePath: "/trpc/" });
const app = new Hono<{ Bindings: HttpBindings }>();
app.use("/trpc/*", async ({ env }, next) => {
  if (await sse(env.incoming, env.outgoing)) return RESPONSE_ALREADY_SENT;
  return await next();
});
app.all("/trpc/*", ({ req }) => fetchRequestHandler({ endpoint: "/trpc", req: req.raw, router }));
serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) =>
  console.log(`Listens on http://127.0.0.1:${port}`),
);
