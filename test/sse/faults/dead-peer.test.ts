import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { CountingReader } from "../support/counting-reader.js";
import { Progress } from "../support/progress.js";
import { watchSockets } from "../support/server-sockets.js";
import { startTopicServer, type TopicServer } from "../support/topic-server.js";
import { eventually } from "../support/waiting.js";

const sendTimeoutMs = 400;
/** More than the kernel's buffers between two sockets take. */
const backlog = { events: 160, text: "x".repeat(100_000) };
/** Room for all of it: these readers are not to be slow, but dead. */
const maxBufferedBytes = 64 * 1024 * 1024;

function publishBacklog(server: TopicServer, topic: string): Promise<void> {
  return server.publish(topic, ...Array.from({ length: backlog.events }, () => ({ text: backlog.text })));
}

function connectionsOf({ server }: TopicServer): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}

test("a peer that takes nothing of what waits for it is dropped after sendTimeoutMs, not before", async () => {
  await using server = await startTopicServer({ maxBufferedBytes, sendTimeoutMs });
  const progress = new Progress();
  using dead = await CountingReader.open(server.streamUrl("topic"), progress);
  using alive = await CountingReader.open(server.streamUrl("topic"), progress);
  await eventually(() => server.sse.connectionCount()).toBe(2);
  dead.socket.pause();
  await publishBacklog(server, "topic");
  const start = performance.now();
  await progress.until(() => alive.offset === backlog.events);
  await expect.poll(() => server.closes, { timeout: 10 * sendTimeoutMs, interval: 10 }).toEqual(["dead"]);
  expect(performance.now() - start).toBeGreaterThan(sendTimeoutMs / 2);
  await eventually(() => connectionsOf(server)).toBe(1);
  expect(alive.errors).toEqual([]);
  expect(server.sse.connectionCount()).toBe(1);
});

test("a peer that takes a little now and then is alive", { timeout: 60_000 }, async () => {
  // More than others: between two sips the test itself may have to wait for a turn.
  const patienceMs = 1000;
  await using server = await startTopicServer({ maxBufferedBytes, sendTimeoutMs: patienceMs });
  const progress = new Progress();
  using trickling = await CountingReader.open(server.streamUrl("topic"), progress);
  await eventually(() => server.sse.connectionCount()).toBe(1);
  trickling.socket.pause();
  await publishBacklog(server, "topic");
  // The kernel takes up new bytes when a third of its buffer is free, so a sip is half a megabyte.
  const start = performance.now();
  while (trickling.offset < backlog.events && !trickling.isClosed) {
    const sip = Math.min(trickling.offset + 5, backlog.events);
    trickling.socket.resume();
    await progress.until(() => trickling.offset >= sip || trickling.isClosed);
    trickling.socket.pause();
    await delay(patienceMs / 8);
  }
  expect(performance.now() - start).toBeGreaterThan(2 * patienceMs);
  expect(server.closes).toEqual([]);
  expect({ offset: trickling.offset, errors: trickling.errors }).toEqual({
    offset: backlog.events,
    errors: [],
  });
});

test("a peer that has taken all may be idle for much longer", async () => {
  await using server = await startTopicServer({ maxBufferedBytes, sendTimeoutMs: 500 });
  const progress = new Progress();
  using idle = await CountingReader.open(server.streamUrl("topic"), progress);
  await eventually(() => server.sse.connectionCount()).toBe(1);
  await publishBacklog(server, "topic");
  await progress.until(() => idle.offset === backlog.events);
  await delay(1500);
  await server.publish("topic", {});
  await progress.until(() => idle.offset === backlog.events + 1);
  expect(server.closes).toEqual([]);
});

test.each(["completed", "expired", "drained"])(
  "a dead peer whose stream has ended meanwhile is dropped all the same: %s",
  { timeout: 15_000 },
  async (reason) => {
    const timeoutMs = 1500;
    await using server = await startTopicServer({ maxBufferedBytes, sendTimeoutMs: timeoutMs });
    const sockets = watchSockets(server);
    const expiry = reason === "expired" ? `:${Date.now() + 1200}` : "";
    using dead = await CountingReader.open(server.streamUrl("topic", { user: `somebody${expiry}` }));
    await eventually(() => server.sse.connectionCount()).toBe(1);
    dead.socket.pause();
    await publishBacklog(server, "topic");
    const waiting = () => sockets.get(dead.socket.localPort ?? 0)?.writableLength;
    await eventually(waiting).toBeGreaterThan(0);
    if (reason === "completed") await server.publish("topic", { last: true });
    if (reason === "drained") await server.sse.drain({ overMs: 10 });
    await eventually(() => server.closes).toEqual([reason]);
    expect(waiting()).toBeGreaterThan(0);
    // What waits for a peer that never reads must not stay for ever: nobody counts it any more.
    await expect.poll(() => connectionsOf(server), { timeout: 4 * timeoutMs }).toBe(0);
  },
);

test("a replay to a peer that takes nothing ends, and lets go of its topic", async () => {
  await using server = await startTopicServer({ sendTimeoutMs });
  await publishBacklog(server, "topic");
  using dead = await CountingReader.open(server.streamUrl("topic"));
  dead.socket.pause();
  await expect.poll(() => server.closes, { timeout: 10 * sendTimeoutMs }).toEqual(["dead"]);
  await eventually(() => connectionsOf(server)).toBe(0);
});
