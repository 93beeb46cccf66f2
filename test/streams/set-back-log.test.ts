import { parseCursor } from "@jobwire/shared";
import { describe, expect, test } from "vitest";
import { TopicHubs } from "../../server/src/streams/topic-hubs.js";
import { Reading, newTopic, publish, publishLast, settled, ways } from "./reading.js";
import { TroubledStore } from "./troubled-store.js";

/** A failover to a replica that was behind: the log ends earlier than what was delivered, under the same epoch. */

const ignore = () => {};

describe.each(ways)("an %s stream whose log was set back", (way) => {
  test("says one gap to the last event it shares with the log, in another epoch, and goes on from there", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    await using reading = new Reading(way, { hubs, topic });
    const ids = await publish(store, topic, 5);
    await reading.count(5);
    await store.setBack(topic, 3);
    store.restore();
    await reading.count(6);
    const fresh = await publish(store, topic, 2);
    fresh.push(...(await publishLast(store, topic)));
    expect(await reading.ended).toBeUndefined();
    const epoch = await epochOf(store, topic);
    expect(epoch).not.toBe(parseCursor(ids[0] ?? "")?.epoch);
    expect(reading.gaps).toEqual([
      { type: "stream.gap", reason: "log-lost", from: ids[4], to: `${epoch}:3` },
    ]);
    expect(fresh).toEqual([4, 5, 6].map((offset) => `${epoch}:${offset}`));
    expect(reading.ids).toEqual([...ids, `${epoch}:3`, ...fresh]);
  });

  test("says the gap from the id its client knows, when the log has forked behind it before", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const [known = ""] = (await publish(store, topic, 5)).slice(-1);
    await store.fork(topic, parseCursor(known) ?? { epoch: "", offset: 0 });
    await using reading = new Reading(way, { hubs, topic, after: parseCursor(known) });
    await settled();
    await store.setBack(topic, 3);
    store.restore();
    await reading.count(1);
    expect(reading.gaps).toMatchObject([{ reason: "log-lost", from: known }]);
  });

  test.each([1, 2, 3, 300])(
    "and has grown by %i again before it is noticed misses none of the new",
    async (count) => {
      await using store = new TroubledStore();
      await using hubs = new TopicHubs(store, ignore);
      const topic = newTopic();
      await using reading = new Reading(way, { hubs, topic });
      const ids = await publish(store, topic, 5, "old");
      await reading.count(5);
      await store.setBack(topic, 3);
      store.dropMessages();
      await publish(store, topic, count, "new");
      store.deliverMessages();
      store.restore();
      await reading.count(5 + 1 + count);
      await publishLast(store, topic);
      expect(await reading.ended).toBeUndefined();
      const epoch = await epochOf(store, topic);
      const fresh = Array.from({ length: count + 1 }, (_, index) => `${epoch}:${4 + index}`);
      expect(reading.gaps).toEqual([
        { type: "stream.gap", reason: "log-lost", from: ids[4], to: `${epoch}:3` },
      ]);
      expect(reading.ids).toEqual([...ids, `${epoch}:3`, ...fresh]);
      expect(reading.items.filter(({ event }) => event.type === "new")).toHaveLength(count);
    },
  );

  test("and closed before it is noticed completes", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    await using reading = new Reading(way, { hubs, topic });
    const ids = await publish(store, topic, 5);
    await reading.count(5);
    await store.setBack(topic, 3);
    store.dropMessages();
    await publishLast(store, topic);
    store.restore();
    await settled();
    const epoch = await epochOf(store, topic);
    expect(reading.hasEnded).toBe(true);
    expect(reading.ids).toEqual([...ids, `${epoch}:3`, `${epoch}:4`]);
  });

  test("and hears of the event that follows what it knows while it finds out misses none of the new", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    await using reading = new Reading(way, { hubs, topic });
    const ids = await publish(store, topic, 5, "old");
    await reading.count(5);
    await store.setBack(topic, 3);
    store.dropMessages();
    await publish(store, topic, 2, "new");
    store.deliverMessages();
    const gate = store.hold("replay", "after");
    store.restore();
    await gate.reached;
    await publishLast(store, topic);
    await settled();
    gate.open();
    expect(await reading.ended).toBeUndefined();
    const epoch = await epochOf(store, topic);
    expect(reading.ids).toEqual([...ids, ...[3, 4, 5, 6].map((offset) => `${epoch}:${offset}`)]);
    expect(reading.gaps).toHaveLength(1);
  });

  test("in two processes forks once, and each says one gap", async () => {
    await using store = new TroubledStore();
    await using here = new TopicHubs(store, ignore);
    await using there = new TopicHubs(store, ignore);
    const topic = newTopic();
    await using one = new Reading(way, { hubs: here, topic });
    await using other = new Reading(way, { hubs: there, topic });
    const ids = await publish(store, topic, 5);
    await Promise.all([one.count(5), other.count(5)]);
    await store.setBack(topic, 2);
    store.restore();
    await Promise.all([one.count(6), other.count(6)]);
    const fresh = await publish(store, topic, 2);
    fresh.push(...(await publishLast(store, topic)));
    expect(await Promise.all([one.ended, other.ended])).toEqual([undefined, undefined]);
    const gap = {
      type: "stream.gap",
      reason: "log-lost",
      from: ids[4],
      to: `${await epochOf(store, topic)}:2`,
    };
    expect([one.gaps, other.gaps]).toEqual([[gap], [gap]]);
    expect([one.ids, other.ids]).toEqual([
      [...ids, gap.to, ...fresh],
      [...ids, gap.to, ...fresh],
    ]);
  });

  test("knows later which cursors of before are into the lost part and which are not", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    await using witness = new Reading(way, { hubs, topic });
    const ids = await publish(store, topic, 5);
    await witness.count(5);
    await store.setBack(topic, 3);
    store.restore();
    await witness.count(6);
    const fresh = await publish(store, topic, 4);
    fresh.push(...(await publishLast(store, topic)));
    await witness.ended;
    const shared = `${await epochOf(store, topic)}:3`;
    await using lost = new Reading(way, { hubs, topic, after: parseCursor(ids[4] ?? "") });
    await using kept = new Reading(way, { hubs, topic, after: parseCursor(ids[2] ?? "") });
    expect(await Promise.all([lost.ended, kept.ended])).toEqual([undefined, undefined]);
    expect(lost.gaps).toEqual([{ type: "stream.gap", reason: "log-lost", from: ids[4], to: shared }]);
    expect(lost.ids).toEqual([shared, ...fresh]);
    expect(kept.gaps).toEqual([]);
    expect(kept.ids).toEqual(fresh);
  });

  test("to before all that its process has in memory says one gap to the beginning, as nobody knows what is shared", async () => {
    await using store = new TroubledStore();
    const topic = newTopic();
    const ids = await publish(store, topic, 5, "old");
    await using hubs = new TopicHubs(store, ignore);
    await using reading = new Reading(way, { hubs, topic, start: "newest" });
    await settled();
    ids.push(...(await publish(store, topic, 2, "old")));
    await reading.count(2);
    await store.setBack(topic, 2);
    store.dropMessages();
    await publish(store, topic, 2, "new");
    store.deliverMessages();
    store.restore();
    await reading.count(3 + 4);
    await publishLast(store, topic);
    expect(await reading.ended).toBeUndefined();
    const epoch = await epochOf(store, topic);
    const gap = { type: "stream.gap", reason: "log-lost", from: ids[6], to: `${epoch}:0` };
    expect(reading.gaps).toEqual([gap]);
    expect(reading.items.slice(3).map(({ event }) => event.type)).toEqual([
      "old",
      "old",
      "new",
      "new",
      "end",
    ]);
    // The third of before is not the third of now: who has it is told so.
    await using back = new Reading(way, { hubs, topic, after: parseCursor(ids[2] ?? "") });
    expect(await back.ended).toBeUndefined();
    expect(back.gaps).toMatchObject([{ reason: "log-lost", from: ids[2] }]);
  });

  test("right to where it was goes on without a gap, and waits for what comes without asking on", async () => {
    await using store = new TroubledStore();
    await using ahead = new TopicHubs(store, ignore);
    await using behind = new TopicHubs(store, ignore);
    const topic = newTopic();
    await using one = new Reading(way, { hubs: ahead, topic });
    await using other = new Reading(way, { hubs: behind, topic });
    const ids = await publish(store, topic, 3);
    await Promise.all([one.count(3), other.count(3)]);
    // The other process does not hear of the fourth.
    const [hears] = store.listeners;
    store.passage = (message) => hears?.onMessage(message);
    await publish(store, topic, 1, "lost");
    await one.count(4);
    await store.setBack(topic, 3);
    store.deliverMessages();
    store.restore();
    await one.count(5);
    store.latencyTurns = 1;
    store.restore();
    await settled();
    await using back = new Reading(way, { hubs: behind, topic, after: parseCursor(ids[2] ?? "") });
    await settled();
    const before = { ...store.calls };
    await settled();
    expect(store.calls).toEqual(before);
    const fresh = await publish(store, topic, 1);
    fresh.push(...(await publishLast(store, topic)));
    expect(await Promise.all([one.ended, other.ended, back.ended])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(other.ids).toEqual([...ids, ...fresh]);
    expect(back.ids).toEqual(fresh);
    expect(one.gaps).toHaveLength(1);
    expect(one.ids.slice(5)).toEqual(fresh);
  });
});

async function epochOf(store: TroubledStore, topic: ReturnType<typeof newTopic>): Promise<string> {
  return (await store.head(topic)).cursor.epoch;
}
