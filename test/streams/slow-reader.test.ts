import { expect, test } from "vitest";
import type { FrameSink } from "../../server/src/streams/frame-sink.js";
import { StreamCounts } from "../../server/src/streams/stream-counts.js";
import { TopicHubs } from "../../server/src/streams/topic-hubs.js";
import { Reading, newTopic, openStream, publish, publishLast, settled } from "./reading.js";
import { TroubledStore } from "./troubled-store.js";

/** Invariant 4: memory per stream is bounded whatever the reader does. */

const ignore = () => {};

test("a reader that takes one event now and then gets everything, from the log", async () => {
  await using store = new TroubledStore(10_000);
  await using hubs = new TopicHubs(store, ignore);
  const topic = newTopic();
  const iterator = openStream({ hubs, topic })[Symbol.asyncIterator]();
  const ids: string[] = [];
  const taken: string[] = [];
  const take = async () => {
    const { value } = await iterator.next();
    if (value) taken.push(value[0]);
  };
  for (let round = 0; round < 20; round++) {
    ids.push(...(await publish(store, topic, 200)));
    await take();
  }
  ids.push(...(await publishLast(store, topic)));
  const before = store.calls.replay;
  while (taken.length < ids.length) await take();
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
  expect(taken).toEqual(ids);
  // 4000 events in pages: they were read again when the reader came to them, not kept for it.
  expect(store.calls.replay - before).toBeGreaterThanOrEqual(14);
});

test("a reader that stands still is told of the gap when retention has passed it, and goes on", async () => {
  await using store = new TroubledStore(300);
  await using hubs = new TopicHubs(store, ignore);
  const topic = newTopic();
  const iterator = openStream({ hubs, topic })[Symbol.asyncIterator]();
  const ids = await publish(store, topic);
  expect((await iterator.next()).value?.[0]).toBe(ids[0]);
  for (let round = 0; round < 10; round++) ids.push(...(await publish(store, topic, 100)));
  const gap = (await iterator.next()).value;
  expect(gap?.[1]).toEqual({ type: "stream.gap", reason: "trimmed", from: ids[0], to: ids[700] });
  for (const id of ids.slice(701)) expect((await iterator.next()).value?.[0]).toBe(id);
  await iterator.return();
});

test("one reader that stands still holds up nobody else", async () => {
  await using store = new TroubledStore();
  await using hubs = new TopicHubs(store, ignore);
  const topic = newTopic();
  const still = openStream({ hubs, topic })[Symbol.asyncIterator]();
  await using iterated = new Reading("iterated", { hubs, topic });
  await using delivered = new Reading("delivered", { hubs, topic });
  const ids = await publish(store, topic);
  await still.next();
  ids.push(...(await publish(store, topic, 500)), ...(await publishLast(store, topic)));
  expect(await Promise.all([iterated.ended, delivered.ended])).toEqual([undefined, undefined]);
  expect([iterated.ids, delivered.ids]).toEqual([ids, ids]);
  await still.return();
});

test("a connection that takes no more is handed no more of a replay until it does, then the rest exactly", async () => {
  await using store = new TroubledStore(10_000);
  await using hubs = new TopicHubs(store, ignore);
  const topic = newTopic();
  const ids = await publish(store, topic, 3000, "x".repeat(1000));
  const sink = new CongestedSink();
  using _delivery = openStream({ hubs, topic }).deliver(sink);
  await settled();
  expect(sink.writes).toBe(0);
  for (let write = 1; write <= 5; write++) {
    sink.letThrough(1);
    await settled();
    expect(sink.writes).toBe(write);
  }
  ids.push(...(await publish(store, topic, 3)));
  await settled();
  expect(sink.writes).toBe(5);
  sink.letThrough(Number.POSITIVE_INFINITY);
  ids.push(...(await publishLast(store, topic)));
  expect(await sink.ended).toBeUndefined();
  expect(sink.ids).toEqual(ids);
});

test("a connection that goes away while it takes no more is handed nothing more", async () => {
  await using store = new TroubledStore();
  await using hubs = new TopicHubs(store, ignore);
  const topic = newTopic();
  await publish(store, topic, 10);
  const sink = new CongestedSink();
  const delivery = openStream({ hubs, topic }).deliver(sink);
  await settled();
  delivery[Symbol.dispose]();
  sink.letThrough(Number.POSITIVE_INFINITY);
  await publishLast(store, topic);
  await settled();
  expect(sink.ids).toEqual([]);
});

/** A connection that takes as many writes as it is told to. */
class CongestedSink implements FrameSink {
  readonly signal = new AbortController().signal;
  readonly counts = new StreamCounts();
  readonly ids: string[] = [];
  readonly ended: Promise<unknown>;
  writes = 0;
  #allowed = 0;
  #free: () => void = () => {};
  #end: (error?: unknown) => void = () => {};

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  letThrough(writes: number): void {
    this.#allowed += writes;
    this.#free();
  }

  write(batch: Parameters<FrameSink["write"]>[0]): void {
    this.writes += 1;
    this.#allowed -= 1;
    for (const { id } of batch.frames) this.ids.push(id);
  }

  writeTagged(batch: Parameters<FrameSink["write"]>[0]): void {
    this.write(batch);
  }

  writeEvent(id: string): void {
    this.ids.push(id);
  }

  onFlushed(): void {}

  goLive(): this {
    return this;
  }

  end(): void {
    this.#end();
  }

  fail(error: unknown): void {
    this.#end(error);
  }

  congestion(): Promise<void> | undefined {
    if (this.#allowed > 0) return undefined;
    return new Promise((resolve) => {
      this.#free = resolve;
    });
  }
}
