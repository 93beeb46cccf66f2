import { parseCursor } from "@jobwire/shared";
import { describe, expect, test } from "vitest";
import { TopicHubs } from "../../server/src/streams/topic-hubs.js";
import { Reading, newTopic, publish, publishLast, settled, ways } from "./reading.js";
import { TroubledStore } from "./troubled-store.js";

const ignore = () => {};

describe.each(ways)("an %s stream", (way) => {
  test("starts with the oldest event, or after the newest, or after its cursor whatever `start` says", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 3);
    const after = parseCursor(ids[0] ?? "");
    await using oldest = new Reading(way, { hubs, topic, start: "oldest" });
    await using newest = new Reading(way, { hubs, topic, start: "newest" });
    await using resumedOldest = new Reading(way, { hubs, topic, after, start: "oldest" });
    await using resumedNewest = new Reading(way, { hubs, topic, after, start: "newest" });
    await settled();
    ids.push(...(await publish(store, topic)), ...(await publishLast(store, topic)));
    const readings = [oldest, newest, resumedOldest, resumedNewest];
    expect(await Promise.all(readings.map(({ ended }) => ended))).toEqual(readings.map(() => undefined));
    expect(readings.map((reading) => reading.ids)).toEqual([ids, ids.slice(3), ids.slice(1), ids.slice(1)]);
  });

  test.each(["oldest", "newest"] as const)(
    "of a topic nobody has written to waits for its first event (%s)",
    async (start) => {
      await using store = new TroubledStore();
      await using hubs = new TopicHubs(store, ignore);
      const topic = newTopic();
      await using reading = new Reading(way, { hubs, topic, start });
      await settled();
      const ids = [...(await publish(store, topic)), ...(await publishLast(store, topic))];
      expect(await reading.ended).toBeUndefined();
      expect(reading.ids).toEqual(ids);
    },
  );

  test("delivers events as they were published", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    await using reading = new Reading(way, { hubs, topic });
    await publish(store, topic, 2, "first");
    await settled();
    await publishLast(store, topic, "second");
    await reading.ended;
    expect(reading.items.map(({ event }) => event)).toEqual([
      { type: "first", number: 0 },
      { type: "first", number: 1 },
      { type: "second", number: 0 },
    ]);
  });

  test("with types delivers these only, retained and live, and still knows its place", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const wanted: string[] = [];
    const write = async () => {
      await publish(store, topic, 2, "unwanted");
      wanted.push(
        ...(await publish(store, topic, 2, "wanted")),
        ...(await publish(store, topic, 1, "other")),
      );
      await publish(store, topic, 300, "unwanted");
    };
    await write();
    await using reading = new Reading(way, { hubs, topic, types: ["wanted", "other"] });
    await settled();
    await write();
    await settled();
    store.dropMessages();
    await write();
    store.deliverMessages();
    await write();
    await publishLast(store, topic, "unwanted");
    expect(await reading.ended).toBeUndefined();
    expect(reading.ids).toEqual(wanted);
  });

  test("completes after the entry that closes its topic: retained, live, or not among its types", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 2);
    await using live = new Reading(way, { hubs, topic });
    await using liveWithoutEnd = new Reading(way, { hubs, topic, types: ["event"] });
    await using liveWithNothing = new Reading(way, { hubs, topic, types: ["nothing"] });
    await settled();
    expect([live, liveWithoutEnd, liveWithNothing].map(({ hasEnded }) => hasEnded)).toEqual([
      false,
      false,
      false,
    ]);
    ids.push(...(await publishLast(store, topic)));
    await using retained = new Reading(way, { hubs, topic });
    await using retainedWithoutEnd = new Reading(way, { hubs, topic, types: ["event"] });
    await using retainedWithNothing = new Reading(way, { hubs, topic, types: ["nothing"] });
    const readings = [
      live,
      liveWithoutEnd,
      liveWithNothing,
      retained,
      retainedWithoutEnd,
      retainedWithNothing,
    ];
    expect(await Promise.all(readings.map(({ ended }) => ended))).toEqual(readings.map(() => undefined));
    const events = ids.slice(0, 2);
    expect(readings.map((reading) => reading.ids)).toEqual([ids, events, [], ids, events, []]);
  });

  test("completes at once where nothing follows: after the closing entry, and newest of a closed topic", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    await publish(store, topic, 2);
    const [end = ""] = await publishLast(store, topic);
    await using after = new Reading(way, { hubs, topic, after: parseCursor(end) });
    await using newest = new Reading(way, { hubs, topic, start: "newest" });
    expect(await Promise.all([after.ended, newest.ended])).toEqual([undefined, undefined]);
    expect([...after.ids, ...newest.ids]).toEqual([]);
  });

  test("completes also when the message of the closing entry was lost", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    await using reading = new Reading(way, { hubs, topic, types: ["nothing"] });
    await settled();
    store.dropMessages();
    await publishLast(store, topic);
    await settled();
    expect(reading.hasEnded).toBe(false);
    store.restore();
    expect(await reading.ended).toBeUndefined();
    expect(reading.ids).toEqual([]);
  });

  test("is refused, STORE_UNAVAILABLE, when the store is away as it begins", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    await publish(store, topic, 2);
    for (const read of ["listen", "head", "replay"] as const) {
      store.refuse(read, 1);
      await using reading = new Reading(way, { hubs, topic });
      expect(await reading.ended).toMatchObject({ reason: "STORE_UNAVAILABLE" });
      expect(reading.ids).toEqual([]);
    }
  });

  test("that runs waits for a store that is away, then goes on without loss", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 2);
    await using reading = new Reading(way, { hubs, topic });
    await reading.count(2);
    store.isReachable = false;
    store.dropMessages();
    store.refuse("replay", 2);
    ids.push(...(await publish(store, topic, 700)));
    store.restore();
    await settled();
    expect(reading.hasEnded).toBe(false);
    store.isReachable = true;
    store.deliverMessages();
    store.restore();
    ids.push(...(await publishLast(store, topic)));
    expect(await reading.ended).toBeUndefined();
    expect(reading.ids).toEqual(ids);
  });

  test("delivers an event that is larger than what a hub keeps in memory", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    await using live = new Reading(way, { hubs, topic });
    const ids = await publish(store, topic);
    const large = {
      topic: topic.topic,
      type: "large",
      body: JSON.stringify({ json: { type: "x".repeat(2_000_000) } }),
    };
    await store.commit({ scope: topic.scope, events: [large] });
    ids.push(`${parseCursor(ids[0] ?? "")?.epoch}:2`, ...(await publish(store, topic)));
    await using retained = new Reading(way, { hubs, topic });
    await settled();
    ids.push(...(await publishLast(store, topic)));
    expect(await Promise.all([live.ended, retained.ended])).toEqual([undefined, undefined]);
    expect([live.ids, retained.ids]).toEqual([ids, ids]);
  });
});
