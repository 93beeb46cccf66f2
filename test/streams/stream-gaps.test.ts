import { formatCursor, parseCursor } from "@jobwire/shared";
import { describe, expect, test, vi } from "vitest";
import { AppError } from "../../server/src/app-error.js";
import type { Gap } from "../../server/src/streams/stream-source.js";
import { TopicHubs } from "../../server/src/streams/topic-hubs.js";
import { account } from "./accounting.js";
import { Reading, newTopic, publish, publishLast, settled, ways } from "./reading.js";
import { TroubledStore } from "./troubled-store.js";

const ignore = () => {};

describe.each(ways)("an %s stream", (way) => {
  test("after a trimmed cursor says one gap, exactly, and goes on with what is retained", async () => {
    await using store = new TroubledStore(5);
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 12);
    await using reading = new Reading(way, { hubs, topic, after: parseCursor(ids[2] ?? "") });
    await reading.count(6);
    ids.push(...(await publishLast(store, topic)));
    expect(await reading.ended).toBeUndefined();
    expect(reading.gaps).toEqual([{ type: "stream.gap", reason: "trimmed", from: ids[2], to: ids[6] }]);
    expect(reading.ids).toEqual(ids.slice(6));
  });

  test("after the cursor right before what is retained says no gap, and one event earlier it does", async () => {
    await using store = new TroubledStore(5);
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 11);
    ids.push(...(await publishLast(store, topic)));
    await using exact = new Reading(way, { hubs, topic, after: parseCursor(ids[6] ?? "") });
    await using earlier = new Reading(way, { hubs, topic, after: parseCursor(ids[5] ?? "") });
    expect(await Promise.all([exact.ended, earlier.ended])).toEqual([undefined, undefined]);
    expect(exact.gaps).toEqual([]);
    expect(exact.ids).toEqual(ids.slice(7));
    expect(earlier.gaps).toEqual([{ type: "stream.gap", reason: "trimmed", from: ids[5], to: ids[6] }]);
    expect(earlier.ids).toEqual(ids.slice(6));
  });

  test("from the oldest event says no gap although much was trimmed before", async () => {
    await using store = new TroubledStore(5);
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 12);
    ids.push(...(await publishLast(store, topic)));
    await using reading = new Reading(way, { hubs, topic });
    expect(await reading.ended).toBeUndefined();
    expect(reading.gaps).toEqual([]);
    expect(reading.ids).toEqual(ids.slice(8));
  });

  test("that missed more than is retained says one gap, exactly", async () => {
    await using store = new TroubledStore(5);
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    await using reading = new Reading(way, { hubs, topic });
    const ids = await publish(store, topic, 2);
    await reading.count(2);
    store.dropMessages();
    ids.push(...(await publish(store, topic, 20)));
    store.deliverMessages();
    store.restore();
    await reading.count(2 + 1 + 5);
    ids.push(...(await publishLast(store, topic)));
    expect(await reading.ended).toBeUndefined();
    expect(reading.gaps).toEqual([{ type: "stream.gap", reason: "trimmed", from: ids[1], to: ids[16] }]);
    expect(reading.ids).toEqual([...ids.slice(0, 2), ...ids.slice(16)]);
  });

  test.each(["a message", "the connection"] as const)(
    "whose log is lost says one gap, log-lost, and goes on with the new log; it learns it from %s",
    async (from) => {
      await using store = new TroubledStore();
      await using hubs = new TopicHubs(store, ignore);
      const topic = newTopic();
      await using reading = new Reading(way, { hubs, topic });
      const old = await publish(store, topic, 3);
      await reading.count(3);
      await store.loseLogs();
      if (from === "the connection") store.restore();
      const fresh = await publish(store, topic, 2);
      fresh.push(...(await publishLast(store, topic)));
      expect(await reading.ended).toBeUndefined();
      const { epoch = "" } = parseCursor(fresh[0] ?? "") ?? {};
      expect(epoch).not.toBe(parseCursor(old[0] ?? "")?.epoch);
      const to = `${epoch}:0`;
      expect(reading.gaps).toEqual([{ type: "stream.gap", reason: "log-lost", from: old[2], to }]);
      expect(reading.ids).toEqual([...old, to, ...fresh]);
    },
  );

  test("whose log is lost again and again says one gap for each loss", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    await using reading = new Reading(way, { hubs, topic });
    const expected: string[] = [];
    for (const round of [1, 2, 3]) {
      const ids = await publish(store, topic, round);
      if (round > 1) expected.push(`${parseCursor(ids[0] ?? "")?.epoch}:0`);
      expected.push(...ids);
      await reading.count(expected.length);
      await store.loseLogs();
    }
    expect(reading.ids).toEqual(expected);
    expect(reading.gaps.map(({ reason, from }) => ({ reason, from }))).toEqual([
      { reason: "log-lost", from: expected[0] },
      { reason: "log-lost", from: expected[3] },
    ]);
  });

  test("after a cursor of another epoch says one gap, log-lost, to before what is retained", async () => {
    await using store = new TroubledStore(5);
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 8);
    ids.push(...(await publishLast(store, topic)));
    for (const offset of [0, 3, 7, 9, 400]) {
      await using reading = new Reading(way, { hubs, topic, after: { epoch: "another", offset } });
      expect(await reading.ended).toBeUndefined();
      const gap = { type: "stream.gap", reason: "log-lost", from: `another:${offset}`, to: ids[3] };
      expect(reading.gaps).toEqual([gap]);
      expect(reading.ids).toEqual(ids.slice(3));
    }
  });

  test("after an offset that is not there yet says one gap, log-lost, to the head", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 3);
    const epoch = parseCursor(ids[0] ?? "")?.epoch ?? "";
    await using reading = new Reading(way, { hubs, topic, after: { epoch, offset: 9 } });
    await reading.count(1);
    ids.push(...(await publishLast(store, topic)));
    expect(await reading.ended).toBeUndefined();
    expect(reading.gaps).toEqual([
      { type: "stream.gap", reason: "log-lost", from: `${epoch}:9`, to: ids[2] },
    ]);
    expect(reading.ids).toEqual(ids.slice(2));
  });

  test("with only some types says every gap", async () => {
    await using store = new TroubledStore(5);
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 12);
    await using reading = new Reading(way, {
      hubs,
      topic,
      after: parseCursor(ids[2] ?? ""),
      types: ["wanted"],
    });
    await reading.count(1);
    ids.push(...(await publish(store, topic, 1, "wanted")), ...(await publishLast(store, topic)));
    expect(await reading.ended).toBeUndefined();
    expect(reading.ids).toEqual([ids[6], ids[12]]);
  });

  test("accounts for what happens while its gap is explained", async () => {
    await using store = new TroubledStore(5);
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const published = new Map<string, string>();
    const add = async (count: number) => {
      for (const id of await publish(store, topic, count)) published.set(id, "event");
      return [...published.keys()];
    };
    const after = parseCursor((await add(12))[2] ?? "");
    const explainGap = async (gap: Gap) => {
      if (published.size < 30) await add(6);
      return { type: "stream.gap" as const, ...gap };
    };
    await using reading = new Reading(way, { hubs, topic, after, explainGap });
    await vi.waitFor(() => expect(reading.ids.at(-1)).toBe([...published.keys()].at(-1)), { interval: 1 });
    expect(formatCursor(account(reading, { after, published }) ?? { epoch: "", offset: 0 })).toBe(
      reading.ids.at(-1),
    );
    expect(reading.gaps[0]).toMatchObject({ reason: "trimmed", to: [...published.keys()][6] });
  });

  test("that waits for the first event of a log that is lost says one gap too: there may have been events", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    await using reading = new Reading(way, { hubs, topic });
    await settled();
    store.dropMessages();
    const lost = await publish(store, topic, 2);
    await store.loseLogs();
    store.deliverMessages();
    const fresh = await publish(store, topic, 2);
    fresh.push(...(await publishLast(store, topic)));
    expect(await reading.ended).toBeUndefined();
    const [from, to] = [lost, fresh].map((ids) => `${parseCursor(ids[0] ?? "")?.epoch}:0`);
    expect(reading.gaps).toEqual([{ type: "stream.gap", reason: "log-lost", from, to }]);
    expect(reading.ids).toEqual([to, ...fresh]);
  });

  test("ends with the error of who explains its gap", async () => {
    await using store = new TroubledStore(5);
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 12);
    const error = new AppError("JOB_NOT_FOUND", "It is gone.");
    const explainGap = () => Promise.reject(error);
    await using reading = new Reading(way, { hubs, topic, after: parseCursor(ids[2] ?? ""), explainGap });
    expect(await reading.ended).toBe(error);
    expect(reading.ids).toEqual([]);
  });

  test("of a topic that was dropped and written anew says one gap to its beginning", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const { scope, topic } = newTopic();
    const old = await publish(store, { scope, topic }, 3);
    await store.commit({ scope, events: [{ topic, type: "end", body: "{}", last: true }], retainMs: 0 });
    const fresh = await publish(store, { scope, topic }, 2);
    fresh.push(...(await publishLast(store, { scope, topic })));
    await using reading = new Reading(way, {
      hubs,
      topic: { scope, topic },
      after: parseCursor(old[1] ?? ""),
    });
    expect(await reading.ended).toBeUndefined();
    const to = formatCursor({ epoch: parseCursor(fresh[0] ?? "")?.epoch ?? "", offset: 0 });
    expect(reading.ids).toEqual([to, ...fresh]);
  });
});
