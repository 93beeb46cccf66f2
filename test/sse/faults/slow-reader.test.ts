import { expect, test } from "vitest";
import { CountingReader } from "../support/counting-reader.js";
import { Progress } from "../support/progress.js";
import { watchSockets } from "../support/server-sockets.js";
import { StockStream } from "../support/stock-client.js";
import { startTcpProxy } from "../support/tcp-proxy.js";
import { startTopicServer, type TopicEvent } from "../support/topic-server.js";
import { readStream } from "../support/wire-stream.js";
import { eventually } from "../support/waiting.js";

const text = "x".repeat(900);

test(
  "readers that stop reading cost bounded memory and are closed, the others get everything, and all resume",
  { timeout: 120_000 },
  async () => {
    const [streams, stalled, events, perCommit, maxLag] = [500, 10, 10_000, 50, 250];
    const maxBufferedBytes = 524_288;
    await using server = await startTopicServer({
      maxBufferedBytes,
      maxConnectionsPerUser: streams + stalled,
    });
    const sockets = watchSockets(server);
    const progress = new Progress();
    const open = () => CountingReader.open(server.streamUrl("busy"), progress);
    const healthy = await Promise.all(Array.from({ length: streams - stalled }, open));
    const paused = await Promise.all(Array.from({ length: stalled }, open));
    await eventually(() => server.sse.connectionCount()).toBe(streams);
    for (const reader of paused) reader.socket.pause();

    let maxWaiting = 0;
    for (let published = perCommit; published <= events; published += perCommit) {
      await server.publish("busy", ...Array.from({ length: perCommit }, () => ({ text })));
      // No faster than the healthy ones read: this is about those who do not.
      await progress.until(() => healthy.every(({ offset }) => offset >= published - maxLag));
      for (const { socket } of paused) {
        maxWaiting = Math.max(maxWaiting, sockets.get(socket.localPort ?? 0)?.writableLength ?? 0);
      }
    }
    await progress.until(() => healthy.every(({ offset }) => offset === events));

    expect(healthy.flatMap(({ errors }) => errors)).toEqual([]);
    expect(healthy.filter(({ isClosed }) => isClosed)).toEqual([]);
    expect(server.closes).toEqual(paused.map(() => "slow"));
    expect(server.sse.connectionCount()).toBe(streams - stalled);
    expect(maxWaiting).toBeGreaterThan(0);
    // What is published in one turn may come on top: it is one write.
    expect(maxWaiting).toBeLessThanOrEqual(maxBufferedBytes + maxLag * 1200);

    for (const reader of paused) {
      reader.socket.resume();
      await progress.until(() => reader.isClosed);
      expect(reader.offset).toBeLessThan(events);
      using resumed = await CountingReader.open(server.streamUrl("busy"), {
        onProgress: progress.onProgress,
        after: reader.cursor,
      });
      await progress.until(() => resumed.offset === events);
      expect([...reader.errors, ...resumed.errors]).toEqual([]);
    }
    await server.publish("busy", { last: true });
    await progress.until(() => healthy.every(({ hasReturned }) => hasReturned));
    expect(server.closes.filter((reason) => reason === "slow")).toHaveLength(stalled);
    for (const reader of healthy) reader[Symbol.dispose]();
  },
);

test(
  "the unmodified client behind a network that stalled comes back and misses nothing",
  { timeout: 60_000 },
  async () => {
    await using server = await startTopicServer({ maxBufferedBytes: 65_536, retryMs: 50 });
    await using proxy = await startTcpProxy(server.port);
    using client = new StockStream(proxy.url, "topic", { topic: "busy" }, { superjson: true });
    await server.publish("busy", {});
    await client.firstValues(1);
    proxy.stall();
    let published = 1;
    while (server.closes.length === 0) {
      await server.publish("busy", ...Array.from({ length: 20 }, () => ({ text })));
      published += 20;
      await new Promise(setImmediate);
    }
    proxy.flow();
    await server.publish("busy", { last: true });
    await client.over();
    expect(server.closes).toEqual(["slow", "completed"]);
    expect(numbersOf(client.values)).toEqual(oneTo(published + 1));
  },
);

test("a fast reader of a long log is never slow, however small the limit", async () => {
  await using server = await startTopicServer({ maxBufferedBytes: 20_000 });
  for (let count = 0; count < 2000; count += 100) {
    await server.publish("long", ...Array.from({ length: 100 }, () => ({ text })));
  }
  await server.publish("long", { last: true });
  const frames = await readStream(server.streamUrl("long"));
  expect(frames.at(-1)?.event).toBe("return");
  expect(frames).toHaveLength(2001 + 2);
  expect(server.closes).toEqual(["completed"]);
});

test("a single event that is larger than the limit is delivered", async () => {
  await using server = await startTopicServer({ maxBufferedBytes: 20_000 });
  const large = "x".repeat(1_000_000);
  await server.publish("large", { text: large }, { text: large }, { last: true });
  const frames = await readStream(server.streamUrl("large"));
  expect(frames.map(({ event, data }) => event ?? data?.length)).toEqual([
    "connected",
    frames[1]?.data?.length,
    frames[2]?.data?.length,
    expect.any(Number),
    "return",
  ]);
  expect(frames[1]?.data?.length).toBeGreaterThan(large.length);
  expect(server.closes).toEqual(["completed"]);
});

test("a burst in one commit that is larger than the limit does not cut off those who read", async () => {
  await using server = await startTopicServer({ maxBufferedBytes: 65_536 });
  const progress = new Progress();
  const readers = await Promise.all(
    Array.from({ length: 20 }, () => CountingReader.open(server.streamUrl("burst"), progress)),
  );
  await eventually(() => server.sse.connectionCount()).toBe(20);
  for (let round = 1; round <= 10; round++) {
    await server.publish("burst", ...Array.from({ length: 200 }, () => ({ text })));
    await progress.until(() => readers.every(({ offset, isClosed }) => isClosed || offset === round * 200));
  }
  expect(readers.flatMap(({ errors }) => errors)).toEqual([]);
  expect(server.closes).toEqual([]);
  for (const reader of readers) reader[Symbol.dispose]();
});

test("a replay waits for a reader that stops for a while", async () => {
  await using server = await startTopicServer({ maxBufferedBytes: 262_144 });
  for (let count = 0; count < 8000; count += 100) {
    await server.publish("long", ...Array.from({ length: 100 }, () => ({ text })));
  }
  const sockets = watchSockets(server);
  const progress = new Progress();
  using reader = await CountingReader.open(server.streamUrl("long"), progress);
  await progress.until(() => reader.offset > 0);
  reader.socket.pause();
  const serverSocket = sockets.get(reader.socket.localPort ?? 0);
  await eventually(() => serverSocket?.writableLength).toBeGreaterThan(0);
  expect(serverSocket?.writableLength).toBeLessThanOrEqual(262_144 + 70_000);
  reader.socket.resume();
  await progress.until(() => reader.offset === 8000 || reader.isClosed);
  expect({ offset: reader.offset, errors: reader.errors, closes: server.closes }).toEqual({
    offset: 8000,
    errors: [],
    closes: [],
  });
});

function numbersOf(values: readonly unknown[]): number[] {
  return values.map((value) => (value as { data: TopicEvent }).data.number);
}

function oneTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
