import { once } from "node:events";
import type { Server } from "node:http";

/** Listens on a free port of the loopback interface. @returns the port */
export async function listen(server: Server): Promise<number> {
  server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 });
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The server has no port");
  return address.port;
}

/** The topic of `/<prefix>/<topic>`. */
export function topicOf(url: string | undefined): string {
  return (url ?? "").split("/").at(-1) ?? "";
}
