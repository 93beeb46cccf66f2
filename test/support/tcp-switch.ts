import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** One address in front of several servers: new connections go to the one it leads to now, the others stay. */
export interface TcpSwitch extends AsyncDisposable {
  /** As a `redis://` URL. */
  readonly url: string;
  leadTo(port: number): void;
  /** Breaks the connection that was made first of those that stand. */
  cutOldest(): void;
}

export async function startSwitch(firstPort: number): Promise<TcpSwitch> {
  let port = firstPort;
  const pairs = new Set<readonly Socket[]>();
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const socket of pair) {
      socket.on("error", () => {});
      socket.once("close", () => {
        pairs.delete(pair);
        for (const each of pair) each.destroy();
      });
    }
    client.pipe(upstream).pipe(client);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = (pair: readonly Socket[] | undefined) => pair?.forEach((socket) => socket.destroy());
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo(next) {
      port = next;
    },
    cutOldest: () => cut([...pairs][0]),
    [Symbol.asyncDispose]: async () => {
      for (const pair of pairs) cut(pair);
      server.close();
      await once(server, "close");
    },
  };
}
