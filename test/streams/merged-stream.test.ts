import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { FrameSink } from "../../server/src/streams/frame-sink.js";
import type { EventStream } from "../../server/src/streams/event-stream.js";
import { StreamCounts } from "../../server/src/streams/stream-counts.js";
import { TopicHubs } from "../../server/src/streams/topic-hubs.js";
import { newTopic, openMerged, publish, publishLast, Reading, settled, ways } from "./reading.js";
import { TroubledStore } from "./troubled-store.js";

const ignore = () => {};

test.each(ways)(
  "an id that is given before a topic has said anything leads to its beginning: what is trimmed since is a gap (%s)",
  async (way) => {
    await using store = new TroubledStore(3);
    await using hubs = new TopicHubs(store, ignore);
    const topics = [newTopic(), newTopic()];
    for (const [index, topic] of topics.entries()) await publish(store, topic, 2, String(index));
    await using first = new Reading(way, openMerged({ hubs, topics }));
    await first.count(1);
    const [{ id, event } = { id: "", event: { type: "" } }] = first.items;
    const silent = event.type === "0" ? 1 : 0;
    await publish(store, topics[silent] ?? newTopic(), 4, String(silent));
    for (const topic of topics) await publishLast(store, topic);
    // This process has the whole log in memory; another one has not.
    await using others = new TopicHubs(store, ignore);
    await using again = new Reading(way, openMerged({ hubs: others, topics, lastEventId: id }));
    expect(await again.ended).toBeUndefined();
    expect(again.gaps).toEqual([expect.objectContaining({ topic: String(silent), reason: "trimmed" })]);
    expect(again.gaps[0]?.from).toMatch(/:0$/);
  },
);

test("a connection that takes no more is handed one batch of all its topics, not one of each", async () => {
  await using store = new TroubledStore(10_000);
  await using hubs = new TopicHubs(store, ignore);
  const topics = Array.from({ length: 20 }, newTopic);
  for (const topic of topics) {
    await publish(store, topic, 200, "x".repeat(1000));
    await publishLast(store, topic);
  }
  const sink = new NarrowSink();
  using _delivery = openMerged({ hubs, topics }).deliver(sink);
  for (let round = 0; round < 120; round++) {
    await settled();
    sink.drain();
  }
  expect(sink.mostAtOnce).toBe(1);
  expect(sink.events).toBe(topics.length * 201);
  expect(await sink.ended).toBeUndefined();
});

test("a connection that takes no more is handed one gap of all its topics", async () => {
  await using store = new TroubledStore(1);
  await using hubs = new TopicHubs(store, ignore);
  const topics = Array.from({ length: 20 }, newTopic);
  for (const topic of topics) await publish(store, topic);
  const lastEventId = await firstId(openMerged({ hubs, topics }));
  for (const topic of topics) {
    await publish(store, topic, 300);
    await publishLast(store, topic);
  }
  const sink = new NarrowSink();
  using _delivery = openMerged({ hubs, topics, lastEventId }).deliver(sink);
  for (let round = 0; round < 80; round++) {
    await settled();
    sink.drain();
  }
  expect(sink.mostAtOnce).toBe(1);
  expect(sink.events).toBe(topics.length * 2);
});

describe("a stream over several topics whose reader goes away", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each([0, 1, 2, 3, 7])("after %i events leaves nothing behind", async (count) => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topics = [newTopic(), newTopic(), newTopic()];
    for (const topic of topics) await publish(store, topic, 3);
    const iterator = openMerged({ hubs, topics })[Symbol.asyncIterator]();
    for (let taken = 0; taken < count; taken++) expect((await iterator.next()).done).toBe(false);
    await settled();
    await iterator.return();
    await settled();
    await vi.advanceTimersByTimeAsync(5000);
    expect(store.listeners.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each(["listen", "head", "replay"] as const)(
    "while `%s` is answered leaves nothing behind",
    async (read) => {
      for (const way of ways) {
        await using store = new TroubledStore();
        await using hubs = new TopicHubs(store, ignore);
        const topics = [newTopic(), newTopic()];
        for (const topic of topics) await publish(store, topic, 2);
        const gate = store.hold(read, "after");
        const reading = new Reading(way, openMerged({ hubs, topics }));
        await gate.reached;
        const closing = reading[Symbol.asyncDispose]();
        gate.open();
        await closing;
        await settled();
        await vi.advanceTimersByTimeAsync(5000);
        expect(store.listeners.size).toBe(0);
        expect(vi.getTimerCount()).toBe(0);
      }
    },
  );
});

async function firstId(stream: EventStream<object>): Promise<string> {
  for await (const [id] of stream) return id;
  throw new Error("The stream has no event.");
}

/** A connection with room for one write. */
class NarrowSink implements FrameSink {
  readonly signal = new AbortController().signal;
  readonly counts = new StreamCounts();
  readonly ended: Promise<unknown>;
  events = 0;
  /** How much was written without waiting until there was room. */
  mostAtOnce = 0;
  #waiting = 0;
  #waiters: (() => void)[] = [];
  #end: (error?: unknown) => void = () => {};

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  drain(): void {
    this.#waiting = 0;
    for (const wake of this.#waiters.splice(0)) wake();
  }

  write({ frames }: Parameters<FrameSink["write"]>[0]): void {
    this.#take(frames.length);
  }

  writeTagged(batch: Parameters<FrameSink["write"]>[0]): void {
    this.write(batch);
  }

  writeEvent(): void {
    this.#take(1);
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
    if (this.#waiting === 0) return undefined;
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #take(events: number): void {
    this.events += events;
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#waiting);
  }
}
