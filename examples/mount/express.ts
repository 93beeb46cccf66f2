import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createSseHandler } from "@jobwire/server/sse";
import { createExpressMiddleware } from "@trpc/server/adapters/express";
import express from "express";
import { createRoomRouter } from "./room-router.js";
import { drainMs, type RunningExample } from "./running-example.js";

/** Express: one middleware before tRPC's own. Express cuts the mount path off, so the base path stays `/`. */
export async function startExpress({ port = 0 } = {}): Promise<RunningExample> {
  const app = express();
  const options = { router: createRoomRouter(), createContext: () => ({}) };
  const sse = createSseHandler(options);
  app.use("/trpc", (request, response, next) => {
    sse(request, response).then((isServed) => isServed || next(), next);
  });
  app.use("/trpc", createExpressMiddleware(options));
  const server = app.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}/trpc`,
    sse,
    async [Symbol.asyncDispose]() {
      await sse.drain({ overMs: drainMs });
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

if (process.argv[1] === import.meta.filename) {
  const { url } = await startExpress({ port: 3004 });
  console.log(`Listening on ${url}; try: curl -N ${url}/events`);
}
