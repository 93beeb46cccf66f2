import { formatCursor, parseCursor } from "@jobwire/shared";
import { describe, expect, test } from "vitest";
import { SharedReads } from "../../server/src/streams/shared-reads.js";
import type { Gap } from "../../server/src/streams/stream-source.js";
import { TopicHubs } from "../../server/src/streams/topic-hubs.js";
import { Reading, newTopic, publish, publishLast, settled, ways } from "./reading.js";
import { TroubledStore } from "./troubled-store.js";

const ignore = () => {};

/** Explains gaps as the domains do, and counts how often the state was read for it. */
class CountingExplainer {
  reads = 0;
  readonly #snapshots = new SharedReads<number>();

  constructor(private readonly read: () => Promise<number>) {}

  readonly explainGap = async (gap: Gap) => {
    const number = await this.#snapshots.read(gap.to, () => {
      this.reads += 1;
      return this.read();
    });
    return { type: "stream.gap" as const, ...gap, number };
  };
}

async function turnsOfTheLoop(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test("ten thousand streams whose log is lost cost a few reads of the log and one of the state", async () => {
  await using store = new TroubledStore();
  await using hubs = new TopicHubs(store, ignore);
  const topic = newTopic();
  const explainer = new CountingExplainer(async () => {
    await turnsOfTheLoop(2);
    return 7;
  });
  const { explainGap } = explainer;
  const readings = Array.from(
    { length: 10_000 },
    (_, index) => new Reading(ways[index % 2 ? 0 : 1] ?? "delivered", { hubs, topic, explainGap }),
  );
  const ids = await publish(store, topic, 3);
  for (const reading of readings) await reading.count(3);
  await store.loseLogs();
  store.latencyTurns = 2;
  store.calls.replay = 0;
  store.restore();
  for (const reading of readings) await reading.count(4);
  const fresh = await publish(store, topic, 2);
  for (const reading of readings) await reading.count(6);
  const { epoch } = (await store.head(topic)).cursor;
  const to = formatCursor({ epoch, offset: 0 });
  const gap = { type: "stream.gap", reason: "log-lost", from: ids[2], to, number: 7 };
  for (const reading of readings) {
    expect(reading.gaps).toEqual([gap]);
    expect(reading.ids).toEqual([...ids, to, ...fresh]);
  }
  expect(explainer.reads).toBe(1);
  expect(store.calls.replay).toBeLessThanOrEqual(6);
});

test("streams that come back together with cursors of a lost log cost one read for each cursor and one of the state", async () => {
  await using store = new TroubledStore();
  await using hubs = new TopicHubs(store, ignore);
  const topic = newTopic();
  const ids = await publish(store, topic, 5);
  await store.loseLogs();
  const fresh = await publish(store, topic, 2);
  store.latencyTurns = 2;
  const explainer = new CountingExplainer(async () => {
    await turnsOfTheLoop(10);
    return 7;
  });
  const { explainGap } = explainer;
  const readings = Array.from({ length: 1_000 }, (_, index) => {
    const after = parseCursor(ids[index % 5] ?? "");
    return { after, reading: new Reading("delivered", { hubs, topic, after, explainGap }) };
  });
  for (const { after, reading } of readings) {
    await reading.count(3);
    expect(reading.gaps).toMatchObject([{ reason: "log-lost", from: after && formatCursor(after) }]);
    expect(reading.ids.slice(1)).toEqual(fresh);
  }
  expect(explainer.reads).toBe(1);
  expect(store.calls.replay).toBeLessThanOrEqual(5 + 2);
});

describe("what is shared is never the answer to another question", () => {
  test("a state that was read for one gap is not given to who meets a later one", async () => {
    await using store = new TroubledStore(4);
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 8);
    let isHeld = true;
    let open = ignore;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const explainer = new CountingExplainer(async () => {
      const seen = (await store.head(topic)).cursor.offset;
      if (isHeld) await opened;
      return seen;
    });
    const { explainGap } = explainer;
    const after = parseCursor(ids[0] ?? "");
    const early = new Reading("delivered", { hubs, topic, after, explainGap });
    await settled();
    expect(explainer.reads).toBe(1);
    // The log is trimmed on: who comes now is told of a longer gap, and the state has to have all that is in it.
    ids.push(...(await publish(store, topic, 300)));
    isHeld = false;
    const late = new Reading("delivered", { hubs, topic, after: parseCursor(ids[1] ?? ""), explainGap });
    await late.count(1);
    open();
    await early.count(1);
    ids.push(...(await publishLast(store, topic)));
    await Promise.all([early.ended, late.ended]);
    expect(explainer.reads).toBeGreaterThanOrEqual(2);
    for (const reading of [early, late]) {
      const { items } = reading;
      const snapshots = items.flatMap(({ event }) =>
        "reason" in event && "number" in event ? [{ to: event.to, seen: event.number }] : [],
      );
      expect(snapshots).not.toEqual([]);
      for (const { to, seen } of snapshots)
        expect(seen).toBeGreaterThanOrEqual(parseCursor(to)?.offset ?? NaN);
    }
  });

  test("streams with different cursors under way at once each get what follows theirs", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 2_000 - 1);
    ids.push(...(await publishLast(store, topic)));
    ids.splice(0, ids.length - 1_000);
    store.latencyTurns = 1;
    const readings = Array.from({ length: 300 }, (_, index) => {
      const from = (index * 7) % 900;
      return { from, reading: new Reading("iterated", { hubs, topic, after: parseCursor(ids[from] ?? "") }) };
    });
    for (const { from, reading } of readings) {
      expect(await reading.ended).toBeUndefined();
      expect(reading.ids).toEqual(ids.slice(from + 1));
    }
  });

  test("an answer is not kept for who asks later, nor an error", async () => {
    const reads = new SharedReads<number>();
    const answers = [() => Promise.reject(new Error("away")), () => Promise.resolve(2)];
    const ask = () => answers.shift()?.() ?? Promise.resolve(3);
    const together = await Promise.allSettled([reads.read("a", ask), reads.read("a", ask)]);
    expect(together.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await Promise.all([reads.read("a", ask), reads.read("a", ask), reads.read("b", ask)])).toEqual([
      2, 2, 3,
    ]);
    expect(await reads.read("a", ask)).toBe(3);
  });
});
