import { parseCursor } from "@jobwire/shared";
import { describe, expect, test } from "vitest";
import type { Frame } from "../../server/src/streams/frame.js";
import { TopicHubs } from "../../server/src/streams/topic-hubs.js";
import { Reading, newTopic, publish, publishLast, settled, ways, type TestEvent } from "./reading.js";
import { TroubledStore } from "./troubled-store.js";

const ignore = () => {};
const ended = { id: "the-end", event: { type: "ended" } };
const endsAt = (count: number) => {
  let seen = 0;
  return { type: "mark", read: () => (++seen === count ? ended : null) };
};
const skips = { type: "mark", read: () => null };

async function* greet(...events: readonly TestEvent[]) {
  for (const event of events) {
    await settled();
    yield event;
  }
}

describe.each(ways)("an %s stream with marks", (way) => {
  test("skips them while it catches up and while it follows, and nothing else", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 2);
    await publish(store, topic, 1, "mark");
    ids.push(...(await publish(store, topic, 1)));
    await using reading = new Reading(way, { hubs, topic, mark: skips });
    await reading.count(3);
    await settled();
    await publish(store, topic, 2, "mark");
    ids.push(...(await publish(store, topic, 3)));
    await publish(store, topic, 1, "mark");
    await publishLast(store, topic, "mark");
    expect(await reading.ended).toBeUndefined();
    expect(reading.ids).toEqual(ids);
  });

  test.each([
    ["it catches up with", false],
    ["it follows to", true],
  ])(
    "ends at a mark that %s, after all that comes before it and before all that follows",
    async (_where, isLive) => {
      await using store = new TroubledStore();
      await using hubs = new TopicHubs(store, ignore);
      const topic = newTopic();
      const ids = await publish(store, topic, 2);
      const options = { hubs, topic, mark: endsAt(2) };
      const early = isLive ? new Reading(way, options) : undefined;
      if (early) await early.count(2);
      await settled();
      await publish(store, topic, 1, "mark");
      ids.push(...(await publish(store, topic, 1)));
      await publish(store, topic, 1, "mark");
      await publish(store, topic, 2);
      await using reading = early ?? new Reading(way, options);
      expect(await reading.ended).toBeUndefined();
      expect(reading.ids).toEqual([...ids, "the-end"]);
      expect(reading.items.at(-1)).toEqual(ended);
      await publish(store, topic, 1);
      await settled();
      expect(reading.items).toHaveLength(ids.length + 1);
    },
  );

  test("fails with what reading a mark throws that it follows to", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    await publish(store, topic, 1);
    const broken = new RangeError("broken");
    const read = () => {
      throw broken;
    };
    await using reading = new Reading(way, { hubs, topic, mark: { type: "mark", read } });
    await reading.count(1);
    await settled();
    await publish(store, topic, 1, "mark");
    expect(await reading.ended).toBe(broken);
  });

  test("reads a mark once, with its id and its body, and goes on after it when the hub lets the stream go", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const read: Frame[] = [];
    const mark = {
      type: "mark",
      read: (frame: Frame) => {
        read.push(frame);
        return null;
      },
    };
    await using reading = new Reading(way, { hubs, topic, mark });
    await settled();
    const [first] = await publish(store, topic, 1, "mark");
    await publish(store, topic, 1);
    await reading.count(1);
    await store.loseLogs();
    const [second] = await publish(store, topic, 1, "mark");
    await publish(store, topic, 1);
    await reading.count(3);
    expect(read.map(({ id }) => id)).toEqual([first, second]);
    expect(JSON.parse(read[0]?.body ?? "")).toEqual({ json: { type: "mark", number: 0 } });
    expect(reading.gaps).toHaveLength(1);
  });
});

describe.each(ways)("an %s stream with a prelude", (way) => {
  test("sends it first, then what is retained, then what comes, also of what was published meanwhile", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 3);
    const continued: boolean[] = [];
    await using reading = new Reading(way, {
      hubs,
      topic,
      after: parseCursor(ids[0] ?? ""),
      async *prelude(isContinued) {
        continued.push(isContinued);
        yield* greet({ type: "one" });
        ids.push(...(await publish(store, topic, 2)));
        yield* greet({ type: "two" });
      },
    });
    await reading.count(6);
    ids.push(...(await publishLast(store, topic)));
    expect(await reading.ended).toBeUndefined();
    expect(reading.items.map(({ event }) => event.type)).toEqual([
      "one",
      "two",
      ...ids.slice(2).map(() => "event"),
      "end",
    ]);
    expect(continued).toEqual([true]);
  });

  test("is told that it cannot be continued, and says the gap after the prelude", async () => {
    await using store = new TroubledStore(3);
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 8);
    const continued: boolean[] = [];
    await using reading = new Reading(way, {
      hubs,
      topic,
      after: parseCursor(ids[0] ?? ""),
      prelude: (isContinued) => {
        continued.push(isContinued);
        return greet({ type: "hello" });
      },
    });
    await reading.count(5);
    expect(reading.items.map(({ event }) => event.type)).toEqual([
      "hello",
      "stream.gap",
      "event",
      "event",
      "event",
    ]);
    expect(continued).toEqual([false]);
  });

  test("says it once, also when the log is lost later", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const [first] = await publish(store, topic, 1);
    const prelude = () => greet({ type: "hello" });
    await using reading = new Reading(way, { hubs, topic, after: parseCursor(first ?? ""), prelude });
    await reading.count(1);
    await settled();
    await store.loseLogs();
    await publish(store, topic, 1);
    await reading.count(3);
    expect(reading.items.map(({ event }) => event.type)).toEqual(["hello", "stream.gap", "event"]);
  });

  test("fails with what the prelude throws", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const failure = new Error("no greeting");
    await using reading = new Reading(way, {
      hubs,
      topic: newTopic(),
      async *prelude() {
        yield* greet({ type: "one" });
        throw failure;
      },
    });
    expect(await reading.ended).toBe(failure);
    expect(reading.items.map(({ event }) => event.type)).toEqual(["one"]);
  });
});
