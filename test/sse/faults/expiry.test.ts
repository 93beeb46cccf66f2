import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { kindsOf } from "../support/frames.js";
import { startTopicServer } from "../support/topic-server.js";
import { openStream, readStream, type WireFrame } from "../support/wire-stream.js";

/** Expiry is looked at in turns of a quarter of a second at most. */
const turnMs = 250;

function numbersOf(frames: readonly WireFrame[]): number[] {
  return frames.flatMap(({ id }) => (id === undefined ? [] : [Number(id.split(":")[1])]));
}

test(
  "a stream ends when its token does, without return and without an error",
  { timeout: 15_000 },
  async () => {
    await using server = await startTopicServer();
    const expiry = Date.now() + 1000;
    using stream = await openStream(server.streamUrl("topic", { user: `alice:${expiry}` }));
    using other = await openStream(server.streamUrl("topic", { user: "bob" }));
    await server.publish("topic", {}, {});
    const frames = await stream.completed();
    const end = Date.now();
    expect(end).toBeGreaterThanOrEqual(expiry);
    expect(end - expiry).toBeLessThan(turnMs + 500);
    expect(kindsOf(frames)).toEqual(["connected", "data", "data"]);
    expect(server.closes).toEqual(["expired"]);
    await server.publish("topic", { last: true });
    expect(kindsOf(await other.completed())).toEqual(["connected", "data", "data", "data", "return"]);
  },
);

test(
  "with a fresh token it continues after the last id: nothing lost, nothing twice",
  { timeout: 15_000 },
  async () => {
    await using server = await startTopicServer();
    const numbers: number[] = [];
    let lastId: string | undefined;
    let published = 0;
    for (let round = 0; round < 4; round++) {
      const user = `alice:${Date.now() + 300}`;
      using stream = await openStream(
        server.streamUrl("topic", { user, ...(lastId && { lastEventId: lastId }) }),
      );
      let isOver = false;
      const ended = stream.completed().finally(() => (isOver = true));
      while (!isOver) {
        await server.publish("topic", {});
        published += 1;
        await delay(5);
      }
      const frames = await ended;
      expect(kindsOf(frames)).not.toContain("return");
      numbers.push(...numbersOf(frames));
      lastId = frames.findLast(({ id }) => id !== undefined)?.id ?? lastId;
    }
    await server.publish("topic", { last: true });
    const rest = await readStream(
      server.streamUrl("topic", { user: "alice", ...(lastId && { lastEventId: lastId }) }),
    );
    numbers.push(...numbersOf(rest));
    expect(numbers).toEqual(Array.from({ length: published + 1 }, (_, index) => index + 1));
    expect(server.closes).toEqual(["expired", "expired", "expired", "expired", "completed"]);
  },
);

test("a token that has run out already gets what is retained at most, and no more", async () => {
  await using server = await startTopicServer();
  await server.publish("topic", {});
  const frames = await readStream(server.streamUrl("topic", { user: `alice:${Date.now() - 1000}` }));
  expect(kindsOf(frames)).not.toContain("return");
  expect(server.closes).toEqual(["expired"]);
});

test("a busy stream expires too", { timeout: 15_000 }, async () => {
  await using server = await startTopicServer();
  using stream = await openStream(server.streamUrl("topic", { user: `alice:${Date.now() + 400}` }));
  let isOver = false;
  const ended = stream.completed().finally(() => (isOver = true));
  for (let count = 0; count < 1000 && !isOver; count++) {
    await server.publish("topic", {});
    await delay(5);
  }
  const frames = await ended;
  expect(numbersOf(frames)).toEqual(Array.from({ length: frames.length - 1 }, (_, index) => index + 1));
});

test("a token far in the future does not end its stream now", async () => {
  await using server = await startTopicServer({ heartbeatMs: 40 });
  const inAThousandYears = Date.now() + 1000 * 365 * 86_400_000;
  using stream = await openStream(server.streamUrl("topic", { user: `alice:${inAThousandYears}` }));
  await stream.first(4);
  expect(server.closes).toEqual([]);
});

test("a hundred streams of one token end together", { timeout: 15_000 }, async () => {
  await using server = await startTopicServer();
  const expiry = Date.now() + 1500;
  const url = server.streamUrl("topic", { user: `alice:${expiry}` });
  const streams = await Promise.all(Array.from({ length: 100 }, () => openStream(url)));
  await Promise.all(streams.map((stream) => stream.completed()));
  expect(Date.now() - expiry).toBeLessThan(turnMs + 1000);
  expect(server.closes).toEqual(Array.from({ length: 100 }, () => "expired"));
  expect(server.sse.connectionCount()).toBe(0);
});
