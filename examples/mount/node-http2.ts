import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { createSseHandler } from "@jobwire/server/sse";
import { createHTTP2Handler } from "@trpc/server/adapters/standalone";
import { createRoomRouter } from "./room-router.js";
import { drainMs, type RunningExample } from "./running-example.js";

export interface Http2Options {
  /** Private key and certificate, PEM. */
  readonly key: string;
  readonly cert: string;
  readonly port?: number;
}

/**
 * HTTP/2, where a browser has as many streams as it likes on one connection. Who does not speak it gets HTTP/1.1 on the
 * same port.
 */
export async function startNodeHttp2({ key, cert, port = 0 }: Http2Options): Promise<RunningExample> {
  const options = { router: createRoomRouter(), createContext: () => ({}), basePath: "/trpc/" };
  const sse = createSseHandler(options);
  const calls = createHTTP2Handler(options);
  const serve = async (request: Http2ServerRequest, response: Http2ServerResponse) => {
    if (!(await sse(request, response))) calls(request, response);
  };
  const server = createSecureServer(
    { key, cert, allowHTTP1: true },
    (request, response) => void serve(request, response),
  );
  // An HTTP/2 server has no `closeAllConnections`: its sessions outlive their streams.
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as AddressInfo;
  return {
    url: `https://localhost:${address.port}/trpc`,
    sse,
    async [Symbol.asyncDispose]() {
      await sse.drain({ overMs: drainMs });
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

if (process.argv[1] === import.meta.filename) {
  const [keyFile = "key.pem", certFile = "cert.pem"] = process.argv.slice(2);
  const [key, cert] = await Promise.all([readFile(keyFile, "utf8"), readFile(certFile, "utf8")]);
  const { url } = await startNodeHttp2({ key, cert, port: 3002 });
  console.log(`Listening on ${url}; try: curl -Nk ${url}/events`);
}
