import { parseCursor } from "@jobwire/shared";
import superjson from "superjson";
import { expect, test } from "vitest";
import { openMemoryStore } from "../../../server/src/store/memory-store.js";
import type { FrameBatch } from "../../../server/src/streams/frame.js";
import type { FrameSink } from "../../../server/src/streams/frame-sink.js";
import { StreamCounts } from "../../../server/src/streams/stream-counts.js";
import { TopicStream } from "../../../server/src/streams/topic-stream.js";
import { TopicHubs } from "../../../server/src/streams/topic-hubs.js";
import { kindsOf } from "../support/frames.js";
import { openLosingStore } from "../support/losing-store.js";
import { startTopicServer, type TopicEvent } from "../support/topic-server.js";
import { openStream, type WireFrame } from "../support/wire-stream.js";
import { eventually } from "../support/waiting.js";

interface Gap {
  readonly type: "stream.gap";
  readonly reason: string;
  readonly from: string;
  readonly to: string;
}

function eventsOf(frames: readonly WireFrame[]): TopicEvent[] {
  return frames.flatMap(({ event, data }) =>
    event === undefined ? [superjson.parse<TopicEvent>(data ?? "")] : [],
  );
}

function numbersOf(frames: readonly WireFrame[]): number[] {
  return eventsOf(frames).map(({ number }) => number);
}

function offsetsOf(frames: readonly WireFrame[]): number[] {
  return frames.flatMap(({ id }) => (id === undefined ? [] : [parseCursor(id)?.offset ?? 0]));
}

test("each stream gets the types it asked for, with the ids of the whole topic, however they are grouped", async () => {
  await using server = await startTopicServer();
  const filters: (string[] | undefined)[] = [
    undefined,
    ["a"],
    ["b"],
    ["a", "b"],
    ["b", "a"],
    ["c"],
    ["a", "b", "c"],
    ["d"],
  ];
  await server.publish("topic", { type: "a" }, { type: "b" });
  const streams = await Promise.all(
    filters.flatMap((types) => {
      const url = server.streamUrl("topic", types ? { types } : {});
      return [openStream(url), openStream(url), openStream(url)];
    }),
  );
  await Promise.all(streams.map((stream) => stream.first(1)));
  const published = ["a", "b"];
  for (const burst of [["a"], ["b", "a", "c"], ["c"], ["a", "a"], ["b"], ["c", "c", "b", "a"]]) {
    await server.publish("topic", ...burst.map((type) => ({ type })));
    published.push(...burst);
  }
  await server.publish("topic", { type: "d", last: true });
  published.push("d");
  for (const [index, stream] of streams.entries()) {
    const types = filters[Math.floor(index / 3)];
    const wanted = published.flatMap((type, at) =>
      !types || types.includes(type) ? [{ type, offset: at + 1 }] : [],
    );
    const frames = await stream.completed();
    expect(frames.at(-1)?.event).toBe("return");
    expect(eventsOf(frames).map(({ type }) => type)).toEqual(wanted.map(({ type }) => type));
    expect(offsetsOf(frames)).toEqual(wanted.map(({ offset }) => offset));
  }
});

test("the stream ends right after the last event, also for those who do not want its type", async () => {
  await using server = await startTopicServer();
  using stream = await openStream(server.streamUrl("topic", { types: ["a"] }));
  await stream.first(1);
  await server.publish("topic", { type: "a" }, { type: "b", last: true });
  expect(kindsOf(await stream.completed())).toEqual(["connected", "data", "return"]);
});

test("resuming with a filter continues after the id, also where the id's event was left out", async () => {
  await using server = await startTopicServer();
  await server.publish("topic", { type: "a" }, { type: "b" }, { type: "a" }, { type: "b" });
  using whole = await openStream(server.streamUrl("topic"));
  const frames = await whole.first(5);
  for (const [after, { id = "" }] of frames.slice(1).entries()) {
    using rest = await openStream(server.streamUrl("topic", { types: ["b"], lastEventId: id }));
    await server.publish("other", {});
    const expected = [2, 4].filter((number) => number > after + 1);
    const received = await rest.first(1 + expected.length);
    expect(numbersOf(received)).toEqual(expected);
  }
});

/** A connection that notes what it is given. */
class RecordingSink implements FrameSink {
  readonly signal = new AbortController().signal;
  readonly counts = new StreamCounts();
  readonly offsets: number[] = [];
  readonly controls: object[] = [];
  isLive = false;
  hasEnded = false;
  errors: unknown[] = [];

  write({ frames }: FrameBatch): void {
    this.offsets.push(...frames.map(({ offset }) => offset));
  }

  writeTagged(batch: FrameBatch): void {
    this.write(batch);
  }

  writeEvent(_id: string, event: object): void {
    this.controls.push(event);
  }

  onFlushed(): void {}

  goLive(): this {
    this.isLive = true;
    return this;
  }

  end(): void {
    this.hasEnded = true;
  }

  fail(error: unknown): void {
    this.errors.push(error);
  }

  congestion(): undefined {
    return undefined;
  }
}

test("a stream that joins while a flush is pending gets nothing twice and misses nothing, whenever it joins", async () => {
  await using store = openMemoryStore({ maxEvents: 1000 });
  await using hubs = new TopicHubs(store, () => {});
  const topic = { scope: "s", topic: "t" };
  const open = () =>
    new TopicStream<object>({ hubs, topic, after: null, start: "oldest", explainGap: async (gap) => gap });
  const publish = (last = false) =>
    store.commit({ scope: "s", events: [{ topic: "t", type: "event", body: "{}", last }] });
  const sinks: RecordingSink[] = [];
  const join = () => {
    const sink = new RecordingSink();
    sinks.push(sink);
    return open().deliver(sink);
  };
  let published = 0;
  const joined = [join()];
  // Each round joins a little later between the commit, its message, the flush and the next commit.
  for (let round = 0; round < 60; round++) {
    await Promise.all([publish(), publish()]);
    for (let turns = 0; turns < round % 20; turns++) await Promise.resolve();
    joined.push(join());
    void publish();
    joined.push(join());
    published += 3;
    if (round % 3 === 0) await new Promise(setImmediate);
  }
  await publish(true);
  published += 1;
  await eventually(() => sinks.every(({ hasEnded }) => hasEnded)).toBe(true);
  const all = Array.from({ length: published }, (_, index) => index + 1);
  for (const sink of sinks) expect(sink).toMatchObject({ offsets: all, controls: [], errors: [] });
  for (const delivery of joined) delivery[Symbol.dispose]();
});

test("one that leaves while a flush is pending gets nothing more, and the others get theirs", async () => {
  await using store = openMemoryStore({ maxEvents: 1000 });
  await using hubs = new TopicHubs(store, () => {});
  const publish = () => store.commit({ scope: "s", events: [{ topic: "t", type: "event", body: "{}" }] });
  const open = () => {
    const sink = new RecordingSink();
    const stream = new TopicStream<object>({
      hubs,
      topic: { scope: "s", topic: "t" },
      after: null,
      start: "oldest",
      explainGap: async (gap) => gap,
    });
    return { sink, delivery: stream.deliver(sink) };
  };
  const [leaving, staying] = [open(), open()];
  await eventually(() => leaving.sink.isLive && staying.sink.isLive).toBe(true);
  await publish();
  await eventually(() => staying.sink.offsets).toEqual([1]);
  await publish();
  await Promise.resolve();
  leaving.delivery[Symbol.dispose]();
  await eventually(() => staying.sink.offsets).toEqual([1, 2]);
  await publish();
  await eventually(() => staying.sink.offsets).toEqual([1, 2, 3]);
  expect(leaving.sink.offsets.length).toBeLessThanOrEqual(2);
  staying.delivery[Symbol.dispose]();
});

test("a log that is lost while streams are live: one gap each, then the new log from its start", async () => {
  const { store, loseEverything } = openLosingStore();
  await using server = await startTopicServer({ store });
  await server.publish("topic", {}, {}, {});
  const streams = await Promise.all([
    openStream(server.streamUrl("topic")),
    openStream(server.streamUrl("topic")),
    openStream(server.streamUrl("topic", { types: ["wanted"] })),
    openStream(server.streamUrl("topic", { start: "newest" })),
  ]);
  await Promise.all(streams.map((stream) => stream.first(1)));
  await streams[0]?.first(4);
  const lastOld = streams[0]?.frames.at(-1)?.id ?? "";
  await loseEverything();
  await server.publish("topic", {}, { type: "wanted" });
  await server.publish("topic", {});
  await server.publish("topic", { type: "wanted", last: true });
  for (const [index, stream] of streams.entries()) {
    const frames = await stream.completed();
    const events = eventsOf(frames) as (TopicEvent | Gap)[];
    const gaps = events.filter((event): event is Gap => event.type === "stream.gap");
    expect(gaps).toHaveLength(1);
    expect(gaps[0]?.reason).toBe("log-lost");
    const at = events.findIndex(({ type }) => type === "stream.gap");
    const after = frames.filter(({ event }) => event === undefined).slice(at + 1);
    // The gap's own id is where it goes on: a client that breaks off right then is not told twice.
    const gapFrame = frames.filter(({ event }) => event === undefined)[at];
    expect(gapFrame?.id).toBe(gaps[0]?.to);
    const isFiltered = index === 2;
    expect(offsetsOf(after)).toEqual(isFiltered ? [2, 4] : [1, 2, 3, 4]);
    expect(numbersOf(after)).toEqual(isFiltered ? [5, 7] : [4, 5, 6, 7]);
    expect(frames.at(-1)?.event).toBe("return");
  }
  // Who comes back with an id of the lost log is told the same.
  using late = await openStream(server.streamUrl("topic", { lastEventId: lastOld }));
  const frames = await late.completed();
  expect(eventsOf(frames)[0]).toMatchObject({ type: "stream.gap", reason: "log-lost", from: lastOld });
  expect(numbersOf(frames.slice(2))).toEqual([4, 5, 6, 7]);
});
