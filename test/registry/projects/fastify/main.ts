/** Fastify: a hook hands subscriptions to Jobwire before anything else looks at them; the rest is tRPC's plugin. */
import { createSseHandler } from "@jobwire/server/sse";
import { fastifyTRPCPlugin } from "@trpc/server/adapters/fastify";
import { fastify } from "fastify";
import { router } from "./orders.js";

const options = { router, createContext: () => ({}) };
const sse = createSseHandler({ ...options, basePath: "/trpc/" });
const app = fastify();
await app.register(async (scope) => {
  scope.addHook("onRequest", async (request, reply) => {
    if (await sse(request.raw, reply.raw)) reply.hijack();
  });
  await scope.register(fastifyTRPCPlugin, { prefix: "/trpc", trpcOptions: options });
});
console.log(`Listens on ${await app.listen({ port: 0, host: "127.0.0.1" })}`);
