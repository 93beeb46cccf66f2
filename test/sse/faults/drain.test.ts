import { setTimeout as delay } from "node:timers/promises";
import superjson from "superjson";
import { expect, test } from "vitest";
import { openMemoryStore } from "../../../server/src/store/memory-store.js";
import { CountingReader } from "../support/counting-reader.js";
import { kindsOf } from "../support/frames.js";
import { Progress } from "../support/progress.js";
import { RawSocket, getText } from "../support/raw-socket.js";
import { StockStream } from "../support/stock-client.js";
import { startTcpProxy } from "../support/tcp-proxy.js";
import { startTopicServer, type TopicEvent } from "../support/topic-server.js";
import { eventually, Happening } from "../support/waiting.js";
import { fetchText, openStream, readStream, send } from "../support/wire-stream.js";

test(
  "every stream is told when to come back and is closed without return, within the time",
  { timeout: 15_000 },
  async () => {
    const [count, overMs, retryMs] = [250, 2500, 2000];
    await using server = await startTopicServer({ retryMs, maxConnectionsPerUser: count });
    await server.publish("topic", {}, {});
    const streams = await Promise.all(
      Array.from({ length: count }, () => openStream(server.streamUrl("topic"))),
    );
    await Promise.all(streams.map((stream) => stream.first(3)));
    const ends: number[] = [];
    const start = performance.now();
    const ended = streams.map(async (stream) => {
      const error = await stream.ended();
      ends.push(performance.now() - start);
      return error;
    });
    await server.sse.drain({ overMs });
    const drainedMs = performance.now() - start;
    expect(await Promise.all(ended)).toEqual(Array.from({ length: count }, () => undefined));

    expect(drainedMs).toBeLessThan(overMs + 100);
    // Spread, not at once: in the first third of the time at most half of them.
    expect(ends.filter((ms) => ms < overMs / 3).length).toBeLessThan(count / 2);
    for (const stream of streams) {
      expect(kindsOf(stream.frames)).toEqual(["connected", "data", "data"]);
      expect(stream.retries).toHaveLength(2);
    }
    const times = streams.map(({ retries }) => retries.at(-1) ?? 0);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(retryMs);
    expect(Math.max(...times)).toBeLessThanOrEqual(2 * retryMs);
    expect(new Set(times).size).toBeGreaterThan(count / 3);
    expect(server.closes).toEqual(Array.from({ length: count }, () => "drained"));
    expect(server.sse.connectionCount()).toBe(0);
  },
);

test("a drain over no time at all closes every stream at once", async () => {
  await using server = await startTopicServer();
  const streams = await Promise.all(Array.from({ length: 20 }, () => openStream(server.streamUrl("topic"))));
  await Promise.all(streams.map((stream) => stream.first(1)));
  await server.sse.drain({ overMs: 0 });
  await Promise.all(streams.map((stream) => stream.completed()));
  expect(server.closes).toHaveLength(20);
});

test("with nothing open a drain is over at once, and may be asked for twice", async () => {
  await using server = await startTopicServer();
  const start = performance.now();
  await Promise.all([server.sse.drain({ overMs: 5000 }), server.sse.drain({ overMs: 5000 })]);
  expect(performance.now() - start).toBeLessThan(1000);
});

test("new streams are refused meanwhile, calls are not", async () => {
  await using server = await startTopicServer();
  await server.sse.drain({ overMs: 0 });
  const frames = await readStream(server.streamUrl("topic"));
  expect(kindsOf(frames)).toEqual(["connected", "serialized-error"]);
  expect(superjson.parse(frames[1]?.data ?? "")).toMatchObject({
    data: { code: "SERVICE_UNAVAILABLE", httpStatus: 503, path: "topic" },
  });
  expect((await fetchText(`${server.url}/whoami?user=alice`)).status).toBe(200);
  expect(server.sse.connectionCount()).toBe(0);
});

test.each(["tRPC", "plain"])(
  "a stream that is still being made is not left open by a drain: %s",
  async (format) => {
    const reached = new Happening("the context");
    const goOn = new Happening("the permission");
    await using server = await startTopicServer({
      beforeContext: async () => {
        reached.happen();
        await goOn.soon();
      },
    });
    const opening = openStream(format === "plain" ? server.plainUrl("topic") : server.streamUrl("topic"));
    await reached.soon();
    const drained = server.sse.drain({ overMs: 0 });
    goOn.happen();
    await drained;
    using stream = await opening;
    await stream.ended();
    expect(kindsOf(stream.frames)).not.toContain("return");
    expect(server.sse.connectionCount()).toBe(0);
  },
);

test("a stream that is silent so far is drained too", async () => {
  await using server = await startTopicServer();
  const { response } = await send(`${server.url}/silence`);
  response.resume();
  const ended = new Promise((resolve) => response.once("close", resolve));
  await server.sse.drain({ overMs: 0 });
  await ended;
  expect(server.closes).toEqual(["drained"]);
});

test("an event that was accepted before the drain reaches everybody who is connected", async () => {
  await using server = await startTopicServer();
  const progress = new Progress();
  const readers = await Promise.all(
    Array.from({ length: 50 }, () => CountingReader.open(server.streamUrl("topic"), progress)),
  );
  await eventually(() => server.sse.connectionCount()).toBe(50);
  // In the same turn: the frames are still to be joined and written.
  const published = server.publish("topic", {}, {}, {});
  const drained = server.sse.drain({ overMs: 0 });
  await Promise.all([published, drained]);
  await progress.until(() => readers.every(({ isClosed }) => isClosed));
  for (const reader of readers) {
    expect(reader.errors).toEqual([]);
    using rest = await CountingReader.open(server.streamUrl("topic"), { after: reader.cursor });
    expect(rest.errors).toEqual([]);
  }
  const offsets = readers.map(({ offset }) => offset);
  expect(new Set(offsets).size).toBe(1);
});

test("the connection of a drained HTTP/1.1 stream is closed with it, so that nobody comes back on it", async () => {
  await using server = await startTopicServer();
  using socket = await RawSocket.open(server.port);
  socket.write(getText(server.streamUrl("topic")));
  await socket.until(/event: connected/);
  await server.sse.drain({ overMs: 0 });
  expect(await socket.closed()).toMatch(/retry: \d+\n\n\r\n0\r\n\r\n$/);
});

test(
  "unmodified clients behind a balancer go from a server that drains to the next, and miss nothing",
  { timeout: 60_000 },
  async () => {
    const clients = 20;
    await using store = openMemoryStore({ maxEvents: 100_000 });
    const options = { store, retryMs: 50, maxConnectionsPerUser: clients };
    await using proxy = await startTcpProxy(0);
    let server = await startTopicServer(options);
    proxy.switchTo(server.port);
    const streams = Array.from(
      { length: clients },
      () => new StockStream(proxy.url, "topic", { topic: "topic" }, { superjson: true }),
    );
    await Promise.all(streams.map((stream) => stream.connected()));
    let isRolling = true;
    let published = 0;
    // Published on whatever server is there: the store is what they share.
    const publishing = (async () => {
      while (isRolling) {
        await server.publish("topic", { text: `${++published}` });
        await delay(2);
      }
    })();
    for (let round = 1; round <= 3; round++) {
      const old = server;
      server = await startTopicServer(options);
      proxy.switchTo(server.port);
      await old.sse.drain({ overMs: 300 });
      expect(old.closes).toEqual(Array.from({ length: clients }, () => "drained"));
      await old[Symbol.asyncDispose]();
      await Promise.all(streams.map((stream) => stream.connected(round + 1)));
    }
    isRolling = false;
    await publishing;
    await server.publish("topic", { text: "last", last: true });
    const texts = [...Array.from({ length: published }, (_, index) => `${index + 1}`), "last"];
    for (const stream of streams) {
      expect((await stream.over()).at(-1)).toEqual({ says: "complete" });
      expect(stream.values.map((value) => (value as { data: TopicEvent }).data.text)).toEqual(texts);
    }
    await server[Symbol.asyncDispose]();
  },
);

test(
  "a client that met the server while it drained comes to the next one by itself",
  { timeout: 15_000 },
  async () => {
    await using store = openMemoryStore({ maxEvents: 100 });
    await using old = await startTopicServer({ store, retryMs: 50 });
    await using next = await startTopicServer({ store, retryMs: 50 });
    await using proxy = await startTcpProxy(old.port);
    await old.sse.drain({ overMs: 0 });
    using client = new StockStream(proxy.url, "topic", { topic: "topic" }, { superjson: true });
    await client.until((saying) => saying.says === "state" && saying.code === "SERVICE_UNAVAILABLE");
    proxy.switchTo(next.port);
    await next.publish("topic", { last: true });
    await client.over();
    expect(client.values).toHaveLength(1);
  },
);
