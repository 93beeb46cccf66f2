import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** Stands between clients and servers as a load balancer does, and fails as networks do. */
export interface TcpProxy extends AsyncDisposable {
  readonly url: string;
  /** New connections go here from now on; those that are open stay where they are. */
  switchTo(port: number): void;
  /** Passes nothing on to clients any more, and does not say so. */
  stall(): void;
  /** Passes on again what has been waiting. */
  flow(): void;
  /** Breaks all connections. */
  breakAll(): void;
}

export async function startTcpProxy(firstPort: number): Promise<TcpProxy> {
  let port = firstPort;
  let isStalled = false;
  const pairs = new Set<{ client: Socket; upstream: Socket }>();
  const proxy = createServer((client) => {
    const upstream = connect({ port, host: "127.0.0.1" });
    const pair = { client, upstream };
    pairs.add(pair);
    const close = () => {
      client.destroy();
      upstream.destroy();
      pairs.delete(pair);
    };
    client
      .on("error", close)
      .on("close", close)
      .on("data", (bytes) => upstream.write(bytes));
    upstream.on("error", close).on("data", (bytes) => client.write(bytes));
    // What has come before the end is passed on before it.
    upstream.on("end", () => client.end());
    if (isStalled) upstream.pause();
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    switchTo(next) {
      port = next;
    },
    stall() {
      isStalled = true;
      for (const { upstream } of pairs) upstream.pause();
    },
    flow() {
      isStalled = false;
      for (const { upstream } of pairs) upstream.resume();
    },
    breakAll() {
      for (const { client, upstream } of pairs) {
        client.destroy();
        upstream.destroy();
      }
    },
    async [Symbol.asyncDispose]() {
      const closed = once(proxy, "close");
      proxy.close();
      for (const { client, upstream } of pairs) {
        client.destroy();
        upstream.destroy();
      }
      await closed;
    },
  };
}
