import type { Server } from "node:http";
import type { Socket } from "node:net";

/** The server's ends of its connections, by the port of the client. */
export function watchSockets({ server }: { readonly server: Server }): ReadonlyMap<number, Socket> {
  const sockets = new Map<number, Socket>();
  server.on("connection", (socket) => sockets.set(socket.remotePort ?? 0, socket));
  return sockets;
}
