import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { openMemoryStore } from "../../../server/src/store/memory-store.js";
import type { Store } from "../../../server/src/store/store.js";
import { getText } from "./raw-socket.js";
import { startTopicServer } from "./topic-server.js";

/**
 * A process of its own, started with --expose-gc: waves of clients connect and vanish. Says on stdout, as one line of
 * JSON, what is left after them.
 */

export interface Remains {
  readonly streams: number;
  readonly sockets: number;
  readonly listeners: number;
  readonly timers: number;
  /** After each wave, once everything was collected. */
  readonly heapBytes: readonly number[];
  readonly opened: number;
  readonly closes: Readonly<Record<string, number>>;
}

const [waves, clientsPerWave, batch] = [5, 2000, 250];
/** A hub outlives its last subscriber by five seconds. */
const lingerMs = 5500;

let listeners = 0;
const memory = openMemoryStore({ maxEvents: 1000 });
/** Counts who listens. */
const store: Store = new Proxy(memory, {
  get(target, name) {
    if (name !== "listen") {
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    }
    return async (...parameters: Parameters<Store["listen"]>) => {
      const listening = await target.listen(...parameters);
      listeners += 1;
      return {
        async [Symbol.asyncDispose]() {
          listeners -= 1;
          await listening[Symbol.asyncDispose]();
        },
      };
    };
  },
});

const server = await startTopicServer({
  store,
  maxConnectionsPerUser: 1_000_000,
  beforeContext: () => delay(Math.random() * 5),
});
await server.publish("busy", ...Array.from({ length: 200 }, () => ({ text: "x".repeat(500) })));

/** Each client leaves at another point: before it asked, right after, when the first bytes come, a little later. */
async function visit(index: number): Promise<void> {
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  const path =
    index % 3 === 0 ? `${server.url}/silence` : server.streamUrl(index % 3 === 1 ? "busy" : "quiet");
  if (index % 4 > 0) socket.write(getText(path));
  if (index % 4 === 2) await firstBytes(socket);
  if (index % 4 === 3) await delay(Math.random() * 10);
  if (index % 2 === 0) socket.resetAndDestroy();
  else socket.destroy();
}

async function firstBytes(socket: Socket): Promise<void> {
  await Promise.race([once(socket, "data"), once(socket, "close")]);
}

function connections(): Promise<number> {
  return new Promise((resolve) => {
    server.server.getConnections((_, count) => resolve(count));
  });
}

function collect(): number {
  if (!globalThis.gc) throw new Error("Start this with --expose-gc.");
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

const heapBytes: number[] = [];
for (let wave = 0; wave < waves; wave++) {
  for (let first = 0; first < clientsPerWave; first += batch) {
    await Promise.all(Array.from({ length: batch }, (_, index) => visit(first + index)));
    await server.publish("busy", { text: "live" });
  }
  for (let patience = 0; patience < 200 && (await connections()) > 0; patience++) await delay(20);
  for (let patience = 0; patience < 200 && server.sse.connectionCount() > 0; patience++) await delay(20);
  heapBytes.push(collect());
}
const opened = server.closes.length;
const closes: Record<string, number> = {};
for (const reason of server.closes) closes[reason] = (closes[reason] ?? 0) + 1;
await delay(lingerMs);
const remains: Remains = {
  streams: server.sse.connectionCount(),
  sockets: await connections(),
  listeners,
  timers: process.getActiveResourcesInfo().filter((name) => name === "Timeout").length,
  heapBytes,
  opened,
  closes,
};
process.stdout.write(`${JSON.stringify(remains)}\n`);
await server[Symbol.asyncDispose]();
