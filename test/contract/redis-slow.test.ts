import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import { startRedis } from "../support/redis-server.js";
import { RecordingListener, accept, eventually, newEvent, newScope, newTopic } from "./store-fixtures.js";

/** Slow is not away: as long as something comes, the connection is not taken for dead. */

const redis = await startRedis();
afterAll(() => redis[Symbol.asyncDispose]());

/** Far longer than a command may take. */
const trickleMs = 4000;
const stepMs = 20;

/** Between the store and Redis: hands answers on as they come, or in small pieces. */
async function startSlowLine(target: URL) {
  let bytesPerStep = Number.POSITIVE_INFINITY;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket.on("error", () => {}));
      socket.once("close", () => [client, upstream].forEach((each) => each.destroy()));
    }
    client.pipe(upstream);
    void (async () => {
      for await (const data of upstream as AsyncIterable<Buffer>) {
        for (let start = 0; start < data.length;) {
          const piece = data.subarray(start, start + Math.min(bytesPerStep, data.length));
          client.write(piece);
          start += piece.length;
          if (bytesPerStep !== Number.POSITIVE_INFINITY) await delay(stepMs);
        }
      }
    })().catch(() => {});
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    slowDown: (bytes: number) => (bytesPerStep = bytes),
    speedUp: () => (bytesPerStep = Number.POSITIVE_INFINITY),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function openThrough(url: string) {
  const reports: boolean[] = [];
  const store = await openRedisStore({
    url,
    maxEvents: 100,
    onReachable: (reachable) => reports.push(reachable),
  });
  return { store, reports };
}

test("a large answer that is long under way holds its callers up and nobody is cut off", async () => {
  await using line = await startSlowLine(new URL(redis.url));
  const { store, reports } = await openThrough(line.url);
  await using _store = store;
  const state = { scope: newScope(), key: "k" };
  const bytes = 1_000_000;
  await accept(store, { scope: state.scope, state: { key: "k", set: { a: "x".repeat(bytes) } }, events: [] });
  line.slowDown(Math.ceil(bytes / (trickleMs / stepMs)));
  await expect(store.readState(state)).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
  // It is still coming when its caller has given up.
  await expect(store.ping()).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
  line.speedUp();
  await eventually(() => store.ping());
  expect(reports).toEqual([true]);
  expect(store.isReachable).toBe(true);
});

test("a subscriber that gets much at once over a slow line stays subscribed and gets all of it", async () => {
  await using line = await startSlowLine(new URL(redis.url));
  const { store: slow, reports } = await openThrough(line.url);
  await using _slow = slow;
  const { store: fast } = await openThrough(redis.url);
  await using _fast = fast;
  const { scope, topic } = newTopic();
  const listener = new RecordingListener();
  await using _listening = await slow.listen({ scope, topic }, listener);
  line.slowDown(5000);
  const body = JSON.stringify("y".repeat(500_000));
  await accept(fast, { scope, events: [{ topic, type: "big", body }] });
  await accept(fast, { scope, events: [{ topic, type: "big", body }] });
  await accept(fast, { scope, events: [newEvent(topic, "end")] });
  await listener.until("end");
  expect(listener.entries.map(({ type }) => type)).toEqual(["big", "big", "end"]);
  expect(reports).toEqual([true]);
});
