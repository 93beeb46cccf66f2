import { once } from "node:events";
import type { Server } from "node:http";
import type { FastifyInstance } from "fastify";

const where = { port: 0, host: "127.0.0.1", backlog: 4096 };

/** Listens on a free port of the loopback interface. @returns the port */
export async function listen(server: Server): Promise<number> {
  server.listen(where);
  await once(server, "listening");
  return portOf(server);
}

/** As `listen`. */
export async function listenWith(app: FastifyInstance): Promise<number> {
  await app.listen(where);
  return portOf(app.server);
}

/** The topic of `/<prefix>/<topic>`. */
export function topicOf(url: string | undefined): string {
  return (url ?? "").split("/").at(-1) ?? "";
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The server has no port");
  return address.port;
}
