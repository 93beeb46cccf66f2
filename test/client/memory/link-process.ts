import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { getEventListeners, once, setMaxListeners } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createConnectionMonitor, sseLink, type StreamingFetch } from "@jobwire/client";
import { createTRPCUntypedClient } from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";

/**
 * A process of its own, started with --expose-gc: streams reconnect, and streams come and go. Says on stdout, as one
 * line of JSON, what they leave.
 */

const [reconnects, socketReconnects, visits] = [90_000, 10_000, 10_000];
const parts = 5;

export interface Remains {
  /** The heap after each fifth of the reconnects, without and with a network. */
  readonly heapOfReconnects: readonly number[];
  readonly heapOfSocketReconnects: readonly number[];
  /** The heap after each fifth of the visits. */
  readonly heapOfVisits: readonly number[];
  /** On the signal that all visitors had in common. */
  readonly listeners: number;
  readonly timers: number;
  readonly sockets: number;
  readonly connectionState: string;
}

/** An answer that ends at once: the link comes back for more. */
const answer = `retry: 0\n\nevent: connected\ndata: {}\n\ndata: {"is":"one event"}\nid: 1\n\n`;

const monitor = createConnectionMonitor();
const heapOfReconnects = await reconnectWithoutNetwork();
const heapOfSocketReconnects = await reconnectOverSockets();
const { heapOfVisits, listeners } = await visitStreams(100);
const left = process.getActiveResourcesInfo();
const remains: Remains = {
  heapOfReconnects,
  heapOfSocketReconnects,
  heapOfVisits,
  listeners,
  timers: left.filter((name) => name === "Timeout").length,
  sockets: left.filter((name) => name === "TCPSocketWrap").length,
  connectionState: monitor.getSnapshot().state,
};
process.stdout.write(`${JSON.stringify(remains)}\n`);

async function reconnectWithoutNetwork(): Promise<number[]> {
  const bytes = new TextEncoder().encode(answer);
  return reconnectStreams("http://localhost", reconnects, (count) => async () => {
    count();
    return new Response(bytes, { headers: { "content-type": "text/event-stream" } });
  });
}

async function reconnectOverSockets(): Promise<number[]> {
  let count = () => {};
  const server = await listen((_, response) => {
    count();
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(answer);
  });
  const heapBytes = await reconnectStreams(urlOf(server), socketReconnects, (counting) => {
    count = counting;
    return fetch;
  });
  await close(server);
  return heapBytes;
}

/** Until the answers that `open` counts are so many. */
async function reconnectStreams(
  url: string,
  total: number,
  open: (count: () => void) => StreamingFetch,
): Promise<number[]> {
  const heapBytes: number[] = [];
  let answers = 0;
  let done = () => {};
  const send = open(() => {
    answers += 1;
    if (answers % (total / parts) === 0) heapBytes.push(usedHeap());
    if (answers === total) done();
  });
  const client = clientOf(url, send);
  await new Promise<void>((resolve) => {
    const subscriptions = Array.from({ length: 50 }, () =>
      client.subscription("numbers", {}, { onData: () => {} }),
    );
    done = () => {
      for (const subscription of subscriptions) subscription.unsubscribe();
      resolve();
    };
  });
  return heapBytes;
}

/** Opened in lots: one half is left by `unsubscribe`, the other before the server has answered. */
async function visitStreams(lot: number) {
  const heapBytes: number[] = [];
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const server = await listen((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`event: connected\ndata: {"reconnectAfterInactivityMs":60000}\n\n`);
  });
  const client = clientOf(urlOf(server), fetch);
  for (let visited = lot; visited <= visits; visited += lot) {
    await Promise.all(
      Array.from({ length: lot }, (_, index) => {
        return new Promise<void>((resolve) => {
          const subscription = client.subscription("silence", {}, { signal, onStarted: () => leave() });
          const leave = () => {
            subscription.unsubscribe();
            resolve();
          };
          if (index % 2 === 0) setImmediate(leave);
        });
      }),
    );
    if (visited % (visits / parts) === 0) heapBytes.push(usedHeap());
  }
  await close(server);
  return { heapOfVisits: heapBytes, listeners: getEventListeners(signal, "abort").length };
}

function clientOf(url: string, send: StreamingFetch) {
  const link = sseLink<AnyTRPCRouter>({
    url,
    fetch: send,
    monitor,
    transformer: { serialize: (value: unknown) => value, deserialize: (value: unknown) => value },
    backoff: { baseMs: 0, capMs: 0 },
  });
  return createTRPCUntypedClient({ links: [link] });
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function listen(serve: RequestListener): Promise<Server> {
  const server = createServer(serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
  // Until the client's ends of the connections have noticed.
  while (process.getActiveResourcesInfo().includes("TCPSocketWrap")) await turnOfTheLoop();
}

function usedHeap(): number {
  if (!globalThis.gc) throw new Error("Start this with --expose-gc.");
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
