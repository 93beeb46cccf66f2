import { createSseHandler } from "@jobwire/server/sse";
import { fastifyTRPCPlugin } from "@trpc/server/adapters/fastify";
import { fastify } from "fastify";
import { createRoomRouter } from "./room-router.js";
import { drainMs, type RunningExample } from "./running-example.js";

/** Fastify: a hook hands subscriptions to Jobwire before anything else looks at them; the rest is tRPC's plugin. */
export async function startFastify({ port = 0 } = {}): Promise<RunningExample> {
  const app = fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 5000 } });
  const options = { router: createRoomRouter(), createContext: () => ({}) };
  const sse = createSseHandler({ ...options, basePath: "/trpc/" });
  await app.register(async (scope) => {
    scope.addHook("onRequest", async (request, reply) => {
      if (await sse(request.raw, reply.raw)) reply.hijack();
    });
    await scope.register(fastifyTRPCPlugin, { prefix: "/trpc", trpcOptions: options });
  });
  const url = await app.listen({ port, host: "127.0.0.1" });
  return {
    url: `${url}/trpc`,
    sse,
    async [Symbol.asyncDispose]() {
      await sse.drain({ overMs: drainMs });
      await app.close();
    },
  };
}

if (process.argv[1] === import.meta.filename) {
  const { url } = await startFastify({ port: 3003 });
  console.log(`Listening on ${url}; try: curl -N ${url}/events`);
}
