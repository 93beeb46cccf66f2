import { parseCursor } from "@jobwire/shared";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { TopicHubs } from "../../server/src/streams/topic-hubs.js";
import { Reading, newTopic, publish, publishLast, settled, ways } from "./reading.js";
import { TroubledStore } from "./troubled-store.js";

const ignore = () => {};
const many = Array.from({ length: 1000 }, (_, index) => index);
/** As long as a hub outlives its last subscriber. */
const lingerMs = 5000;

describe.each(ways)("a thousand %s streams cost the store", (way) => {
  test("one or two reads when they come back to a topic nobody was on, wherever in its newest page they were", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 700);
    const readings = many.map((index) => {
      const from = 500 + (index % 200);
      return { from, reading: new Reading(way, { hubs, topic, after: parseCursor(ids[from] ?? "") }) };
    });
    ids.push(...(await publishLast(store, topic)));
    for (const { from, reading } of readings) {
      expect(await reading.ended).toBeUndefined();
      expect(reading.ids).toEqual(ids.slice(from + 1));
    }
    expect(store.calls).toMatchObject({ listen: 1, head: 1 });
    expect(store.calls.replay).toBeLessThanOrEqual(2);
  });

  test("no read when they come back to a topic that somebody follows and missed nothing", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 300);
    await using _witness = new Reading(way, { hubs, topic, start: "newest" });
    await settled();
    const before = { ...store.calls };
    const readings = many.map(() => new Reading(way, { hubs, topic, after: parseCursor(ids[299] ?? "") }));
    const last = await publishLast(store, topic);
    for (const reading of readings) {
      expect(await reading.ended).toBeUndefined();
      expect(reading.ids).toEqual(last);
    }
    expect(store.calls).toEqual(before);
  });

  test("one or two reads when all start with the oldest event of a short topic", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 200);
    ids.push(...(await publishLast(store, topic)));
    const readings = many.map(() => new Reading(way, { hubs, topic }));
    for (const reading of readings) {
      expect(await reading.ended).toBeUndefined();
      expect(reading.ids).toEqual(ids);
    }
    expect(store.calls).toMatchObject({ listen: 1, head: 1 });
    expect(store.calls.replay).toBeLessThanOrEqual(2);
  });

  test("few reads also when events are committed while the first read is under way", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 300);
    const gate = store.hold("replay", "before");
    const readings = many.map(() => new Reading(way, { hubs, topic, after: parseCursor(ids[199] ?? "") }));
    await gate.reached;
    ids.push(...(await publish(store, topic, 5)));
    gate.open();
    ids.push(...(await publishLast(store, topic)));
    for (const reading of readings) {
      expect(await reading.ended).toBeUndefined();
      expect(reading.ids).toEqual(ids.slice(200));
    }
    expect(store.calls.replay).toBeLessThanOrEqual(3);
  });

  test("few reads when the topic is long lived and its log was lost before they come back", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    await publish(store, topic, 100);
    await using witness = new Reading(way, { hubs, topic });
    await witness.count(100);
    await store.loseLogs();
    const ids = await publish(store, topic, 100);
    await witness.count(201);
    const before = store.calls.replay;
    const readings = many.map(
      (index) => new Reading(way, { hubs, topic, after: parseCursor(ids[index % 100] ?? "") }),
    );
    ids.push(...(await publishLast(store, topic)));
    for (const [index, reading] of readings.entries()) {
      expect(await reading.ended).toBeUndefined();
      expect(reading.ids).toEqual(ids.slice((index % 100) + 1));
    }
    expect(store.calls.replay - before).toBeLessThanOrEqual(2);
  });

  test("no read for what is live", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const readings = many.slice(0, 100).map(() => new Reading(way, { hubs, topic }));
    await settled();
    const before = store.calls.replay;
    const ids: string[] = [];
    for (let round = 0; round < 300; round++) ids.push(...(await publish(store, topic)));
    ids.push(...(await publishLast(store, topic)));
    for (const reading of readings) {
      expect(await reading.ended).toBeUndefined();
      expect(reading.ids).toEqual(ids);
    }
    expect(store.calls.replay).toBe(before);
  });
});

describe("the hub of a topic", () => {
  test("that has caught up follows messages again, also when events keep coming while it reads", async () => {
    await using store = new TroubledStore(10_000);
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    await using reading = new Reading("iterated", { hubs, topic });
    const ids = await publish(store, topic);
    await reading.count(1);
    // Every answer is two turns away, and there is an event in every turn.
    store.latencyTurns = 2;
    store.restore();
    const before = store.calls.replay;
    for (let round = 0; round < 300; round++) {
      ids.push(...(await publish(store, topic)));
      await new Promise((resolve) => setImmediate(resolve));
    }
    ids.push(...(await publishLast(store, topic)));
    expect(await reading.ended).toBeUndefined();
    expect(reading.ids).toEqual(ids);
    expect(store.calls.replay - before).toBeLessThanOrEqual(10);
  });

  test("that cannot be opened leaves no listener, refuses whoever asked, and is tried again for the next", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    for (const read of ["listen", "head"] as const) {
      store.refuse(read, 1);
      const refused = await Promise.allSettled([hubs.acquire(topic), hubs.acquire(topic)]);
      expect(refused).toMatchObject([
        { reason: { reason: "STORE_UNAVAILABLE" } },
        { reason: { reason: "STORE_UNAVAILABLE" } },
      ]);
      expect(store.listeners.size).toBe(0);
    }
    using lease = await hubs.acquire(topic);
    expect(lease.hub.head.offset).toBe(0);
    expect(store.listeners.size).toBe(1);
  });

  test("is refused at once while the store is known to be away, and is there when it is back", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    using _lease = await hubs.acquire(topic);
    const before = { ...store.calls };
    store.isReachable = false;
    await expect(hubs.acquire(topic)).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    store.isReachable = true;
    using again = await hubs.acquire(topic);
    expect(again.hub.head.offset).toBe(0);
    expect(store.calls).toEqual(before);
  });

  test("of a topic and that of another do not mix, also when their names meet", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topics = [
      { scope: "a", topic: 'b","c' },
      { scope: 'a","b', topic: "c" },
      { scope: "a b", topic: "c" },
      { scope: "a", topic: "b c" },
    ];
    const readings = topics.map((topic) => new Reading("iterated", { hubs, topic }));
    await settled();
    const ids = await Promise.all(topics.map((topic) => publishLast(store, topic)));
    await Promise.all(readings.map(({ ended }) => ended));
    expect(readings.map((reading) => reading.ids)).toEqual(ids);
  });
});

describe("after its last subscriber a hub", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("lingers, so that one who comes back at once costs no new subscription, and then leaves no listener", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    for (let round = 0; round < 3; round++) {
      const leases = await Promise.all([hubs.acquire(topic), hubs.acquire(topic)]);
      for (const lease of leases) lease[Symbol.dispose]();
      await vi.advanceTimersByTimeAsync(lingerMs - 1);
      expect(store.listeners.size).toBe(1);
    }
    expect(store.calls).toMatchObject({ listen: 1, head: 1 });
    await vi.advanceTimersByTimeAsync(1);
    expect(store.listeners.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    using _lease = await hubs.acquire(topic);
    expect(store.calls).toMatchObject({ listen: 2, head: 2 });
  });

  test("stays while anybody is left", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    using _staying = await hubs.acquire(topic);
    const leaving = await hubs.acquire(topic);
    leaving[Symbol.dispose]();
    await vi.advanceTimersByTimeAsync(2 * lingerMs);
    expect(store.listeners.size).toBe(1);
  });
});
