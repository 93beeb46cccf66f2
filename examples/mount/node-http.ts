import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createSseHandler } from "@jobwire/server/sse";
import { createHTTPHandler } from "@trpc/server/adapters/standalone";
import { createRoomRouter } from "./room-router.js";
import { drainMs, type RunningExample } from "./running-example.js";

/** Node's own HTTP server: subscriptions go to Jobwire, calls to tRPC's handler. */
export async function startNodeHttp({ port = 0 } = {}): Promise<RunningExample> {
  const options = { router: createRoomRouter(), createContext: () => ({}), basePath: "/trpc/" };
  const sse = createSseHandler(options);
  const calls = createHTTPHandler(options);
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    if (!(await sse(request, response))) calls(request, response);
  };
  const server = createServer((request, response) => void serve(request, response));
  server.listen(port, "127.0.0.1");
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
  const { url } = await startNodeHttp({ port: 3001 });
  console.log(`Listening on ${url}; try: curl -N ${url}/events`);
}
