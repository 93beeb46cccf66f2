import { parseCursor } from "@jobwire/shared";
import { describe, expect, test, vi } from "vitest";
import type { LogMessage } from "../../server/src/store/store.js";
import { TopicHubs } from "../../server/src/streams/topic-hubs.js";
import { Reading, newTopic, publish, publishLast, settled, ways } from "./reading.js";
import { TroubledStore } from "./troubled-store.js";

const ignore = () => {};

describe.each(ways)("an %s stream loses nothing and delivers nothing twice when", (way) => {
  test.each([
    ["before", "listen"],
    ["after", "listen"],
    ["before", "head"],
    ["after", "head"],
  ] as const)("an event is committed right %s the store takes up its first `%s`", async (when, read) => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 3);
    const gate = store.hold(read, when);
    await using reading = new Reading(way, { hubs, topic });
    await gate.reached;
    ids.push(...(await publish(store, topic)));
    gate.open();
    ids.push(...(await publishLast(store, topic)));
    expect(await reading.ended).toBeUndefined();
    expect(reading.ids).toEqual(ids);
  });

  test("events are committed between listen and head, and between head and its answer", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 3);
    const [before, after] = [store.hold("head", "before"), store.hold("head", "after")];
    await using reading = new Reading(way, { hubs, topic });
    await before.reached;
    ids.push(...(await publish(store, topic, 2)));
    before.open();
    await after.reached;
    ids.push(...(await publish(store, topic, 2)));
    after.open();
    ids.push(...(await publishLast(store, topic)));
    expect(await reading.ended).toBeUndefined();
    expect(reading.ids).toEqual(ids);
  });

  test.each(["before", "after"] as const)(
    "events are committed %s the first replay is answered",
    async (when) => {
      await using store = new TroubledStore();
      await using hubs = new TopicHubs(store, ignore);
      const topic = newTopic();
      const ids = await publish(store, topic, 3);
      const gate = store.hold("replay", when);
      await using reading = new Reading(way, { hubs, topic });
      await gate.reached;
      for (const count of [1, 2, 3]) ids.push(...(await publish(store, topic, count)));
      gate.open();
      ids.push(...(await publishLast(store, topic)));
      expect(await reading.ended).toBeUndefined();
      expect(reading.ids).toEqual(ids);
    },
  );

  test("the log is many pages long and grows while it is read", async () => {
    await using store = new TroubledStore(5000);
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 1500);
    await using reading = new Reading(way, { hubs, topic });
    for (let round = 0; round < 100; round++) ids.push(...(await publish(store, topic, 7)));
    ids.push(...(await publishLast(store, topic)));
    expect(await reading.ended).toBeUndefined();
    expect(reading.ids).toEqual(ids);
  });

  test("it resumes after any event of the log", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 600);
    ids.push(...(await publishLast(store, topic)));
    for (const index of [0, 1, 99, 255, 256, 257, 343, 344, 345, 346, 511, 512, 598, 599, 600]) {
      await using reading = new Reading(way, { hubs, topic, after: parseCursor(ids[index] ?? "") });
      expect(await reading.ended).toBeUndefined();
      expect(reading.ids).toEqual(ids.slice(index + 1));
    }
  });

  test("a message is lost and the next one arrives", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    await using reading = new Reading(way, { hubs, topic });
    const ids = await publish(store, topic, 2);
    await reading.count(2);
    store.dropMessages();
    ids.push(...(await publish(store, topic)), ...(await publish(store, topic, 300)));
    store.deliverMessages();
    ids.push(...(await publish(store, topic)));
    await reading.count(ids.length);
    expect(reading.ids).toEqual(ids);
  });

  test("the last messages are lost and the connection comes back", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    await using reading = new Reading(way, { hubs, topic });
    const ids = await publish(store, topic, 2);
    await reading.count(2);
    store.dropMessages();
    ids.push(...(await publish(store, topic, 300)), ...(await publishLast(store, topic)));
    store.restore();
    expect(await reading.ended).toBeUndefined();
    expect(reading.ids).toEqual(ids);
  });

  test("a message that is lost is one of those that come while its successor is caught up with", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    await using reading = new Reading(way, { hubs, topic });
    const ids = await publish(store, topic);
    await reading.count(1);
    const gate = store.hold("replay", "after");
    store.restore();
    await gate.reached;
    store.dropMessages();
    ids.push(...(await publish(store, topic)));
    store.deliverMessages();
    ids.push(...(await publish(store, topic)));
    gate.open();
    await reading.count(ids.length);
    expect(reading.ids).toEqual(ids);
  });

  test("an event is committed at any moment of catching up, and none after it", async () => {
    for (let turns = 0; turns < 60; turns++) {
      await using store = new TroubledStore();
      await using hubs = new TopicHubs(store, ignore);
      const topic = newTopic();
      await using reading = new Reading(way, { hubs, topic });
      const ids = await publish(store, topic);
      await reading.count(1);
      store.restore();
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      ids.push(...(await publish(store, topic)));
      await settled();
      expect({ turns, ids: reading.ids }).toEqual({ turns, ids });
    }
  });

  test("every message arrives three times, also much later", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const late: (() => void)[] = [];
    store.passage = (message, deliver) => {
      deliver(message);
      deliver(message);
      late.push(() => deliver(message));
    };
    await using reading = new Reading(way, { hubs, topic });
    const ids: string[] = [];
    for (const count of [1, 3, 1, 2]) ids.push(...(await publish(store, topic, count)));
    await reading.count(ids.length);
    for (const repeat of late) repeat();
    ids.push(...(await publishLast(store, topic)));
    expect(await reading.ended).toBeUndefined();
    expect(reading.ids).toEqual(ids);
  });

  test("messages arrive in the reverse order", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    await using reading = new Reading(way, { hubs, topic });
    const ids = await publish(store, topic);
    await reading.count(1);
    const held: (() => void)[] = [];
    store.passage = (message: LogMessage, deliver) => held.push(() => deliver(message));
    for (const count of [1, 3, 1, 2, 1]) ids.push(...(await publish(store, topic, count)));
    ids.push(...(await publishLast(store, topic)));
    await Promise.resolve();
    for (const deliver of held.toReversed()) deliver();
    expect(await reading.ended).toBeUndefined();
    expect(reading.ids).toEqual(ids);
  });

  test("a commit carries many events and some of them are known already", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    await using reading = new Reading(way, { hubs, topic });
    const [first] = await publish(store, topic);
    await reading.count(1);
    const { epoch = "" } = parseCursor(first ?? "") ?? {};
    const deliver = (message: LogMessage) =>
      store.listeners.forEach((listener) => listener.onMessage(message));
    const entry = (offset: number) => ({
      offset,
      type: "event",
      body: '{"json":{"type":"event"}}',
      last: offset === 4,
    });
    deliver({ epoch, entries: [entry(1), entry(2), entry(3)] });
    deliver({ epoch, entries: [entry(2), entry(3), entry(4)] });
    expect(await reading.ended).toBeUndefined();
    expect(reading.ids).toEqual([1, 2, 3, 4].map((offset) => `${epoch}:${offset}`));
  });

  test("the store is away when a lost message is noticed", async () => {
    await using store = new TroubledStore();
    const errors = vi.fn<(error: unknown) => void>();
    await using hubs = new TopicHubs(store, errors);
    const topic = newTopic();
    await using reading = new Reading(way, { hubs, topic });
    const ids = await publish(store, topic);
    await reading.count(1);
    store.dropMessages();
    ids.push(...(await publish(store, topic, 2)));
    store.deliverMessages();
    store.refuse("replay", 2);
    ids.push(...(await publish(store, topic)));
    await reading.count(ids.length);
    ids.push(...(await publishLast(store, topic)));
    expect(await reading.ended).toBeUndefined();
    expect(reading.ids).toEqual(ids);
    expect(errors).toHaveBeenCalledTimes(2);
  });

  test("two processes write to the topic and two read it", async () => {
    await using store = new TroubledStore();
    await using here = new TopicHubs(store, ignore);
    await using there = new TopicHubs(store, ignore);
    const topic = newTopic();
    await using one = new Reading(way, { hubs: here, topic });
    await using other = new Reading(way, { hubs: there, topic });
    const write = async () => {
      const ids: string[] = [];
      for (let round = 0; round < 50; round++) ids.push(...(await publish(store, topic, 1 + (round % 3))));
      return ids;
    };
    const written = (await Promise.all([write(), write()])).flat();
    const offsetOf = (id: string) => parseCursor(id)?.offset ?? 0;
    const ids = [
      ...written.toSorted((a, b) => offsetOf(a) - offsetOf(b)),
      ...(await publishLast(store, topic)),
    ];
    expect(await Promise.all([one.ended, other.ended])).toEqual([undefined, undefined]);
    expect(one.ids).toEqual(ids);
    expect(other.ids).toEqual(ids);
  });

  test("one process has seen more of the topic than the other", async () => {
    await using store = new TroubledStore();
    await using behind = new TopicHubs(store, ignore);
    await using ahead = new TopicHubs(store, ignore);
    const topic = newTopic();
    await using early = new Reading(way, { hubs: behind, topic });
    const ids = await publish(store, topic, 2);
    await early.count(2);
    store.dropMessages();
    ids.push(...(await publish(store, topic, 3)));
    await using far = new Reading(way, { hubs: ahead, topic });
    await far.count(5);
    // The client of the one ahead reconnects to the one behind, with a cursor that one has not seen.
    await using moved = new Reading(way, { hubs: behind, topic, after: parseCursor(ids[3] ?? "") });
    await moved.count(1);
    store.deliverMessages();
    ids.push(...(await publishLast(store, topic)));
    expect(await Promise.all([early, far, moved].map(({ ended }) => ended))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect([early.ids, far.ids, moved.ids]).toEqual([ids, ids, ids.slice(4)]);
  });
});
