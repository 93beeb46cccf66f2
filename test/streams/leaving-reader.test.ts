import { parseCursor } from "@jobwire/shared";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { TopicHubs } from "../../server/src/streams/topic-hubs.js";
import { Reading, newTopic, openStream, publish, settled, ways } from "./reading.js";
import { TroubledStore } from "./troubled-store.js";

const ignore = () => {};

describe("a stream whose reader goes away", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("by its signal ends at once, also while it waits, and after the linger nobody listens any more", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const ids = await publish(store, topic, 2);
    const aborter = new AbortController();
    const reading = new Reading("iterated", { hubs, topic, signal: aborter.signal });
    await settled();
    expect(reading.ids).toEqual(ids);
    aborter.abort();
    await settled();
    expect(reading.hasEnded).toBe(true);
    expect(await reading.ended).toBeUndefined();
    await expectNobodyListens(store);
  });

  test.each(ways)(
    "by closing the %s stream ends at once, also while it waits, and is not heard of again",
    async (way) => {
      await using store = new TroubledStore();
      await using hubs = new TopicHubs(store, ignore);
      const topic = newTopic();
      const ids = await publish(store, topic, 2);
      const reading = new Reading(way, { hubs, topic });
      await settled();
      await reading[Symbol.asyncDispose]();
      expect(await reading.ended).toBeUndefined();
      await publish(store, topic, 2);
      await settled();
      expect(reading.ids).toEqual(ids);
      await expectNobodyListens(store);
    },
  );

  test.each(["listen", "head", "replay"] as const)(
    "while `%s` is answered leaves nothing behind",
    async (read) => {
      for (const way of ways) {
        await using store = new TroubledStore();
        await using hubs = new TopicHubs(store, ignore);
        const topic = newTopic();
        await publish(store, topic, 2);
        const gate = store.hold(read, "after");
        const aborter = new AbortController();
        const reading = new Reading(way, { hubs, topic, signal: aborter.signal });
        await gate.reached;
        aborter.abort();
        const closing = reading[Symbol.asyncDispose]();
        gate.open();
        await closing;
        await settled();
        expect(reading.ids).toEqual([]);
        await expectNobodyListens(store);
      }
    },
  );

  test.each(ways)("while a gap is explained to the %s stream hears of nothing any more", async (way) => {
    await using store = new TroubledStore(2);
    await using hubs = new TopicHubs(store, ignore);
    const topic = newTopic();
    const [first = ""] = await publish(store, topic, 5);
    const question = newQuestion();
    const reading = new Reading(way, {
      hubs,
      topic,
      after: parseCursor(first),
      async explainGap(gap) {
        await question.ask();
        return { type: "stream.gap", ...gap };
      },
    });
    await question.asked;
    await expectNothingAfterLeaving(reading, question.answer);
    await expectNobodyListens(store);
  });

  test.each(ways)("while the first events of the %s stream are made hears of none", async (way) => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const question = newQuestion();
    const reading = new Reading(way, {
      hubs,
      topic: newTopic(),
      async *prelude() {
        await question.ask();
        yield { type: "welcome" };
      },
    });
    await question.asked;
    await expectNothingAfterLeaving(reading, question.answer);
    await expectNobodyListens(store);
  });

  test("before it began asks the store for nothing that stays", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const reading = new Reading("iterated", { hubs, topic: newTopic(), signal: AbortSignal.abort() });
    expect(await reading.ended).toBeUndefined();
    await expectNobodyListens(store);
  });

  test("at any moment ends: however many turns after it was opened, and after an event", async () => {
    for (let turns = 0; turns < 60; turns++) {
      await using store = new TroubledStore();
      await using hubs = new TopicHubs(store, ignore);
      const topic = newTopic();
      const aborter = new AbortController();
      const reading = new Reading("iterated", { hubs, topic, signal: aborter.signal });
      if (turns % 2 === 0) await publish(store, topic);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      aborter.abort();
      await settled();
      expect({ turns, hasEnded: reading.hasEnded }).toEqual({ turns, hasEnded: true });
    }
  });

  test("by `return` before the first `next` asks the store for nothing", async () => {
    await using store = new TroubledStore();
    await using hubs = new TopicHubs(store, ignore);
    const iterator = openStream({ hubs, topic: newTopic() })[Symbol.asyncIterator]();
    expect(await iterator.return()).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(store.calls).toEqual({ listen: 0, head: 0, replay: 0 });
  });

  /** Something that is asked, and answered when the test says so. */
  function newQuestion() {
    let onAsked = () => {};
    let answer = () => {};
    const asked = new Promise<void>((resolve) => (onAsked = resolve));
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const ask = () => {
      onAsked();
      return answered;
    };
    return { ask, asked, answer };
  }

  async function expectNothingAfterLeaving(reading: Reading, answer: () => void): Promise<void> {
    const closing = reading[Symbol.asyncDispose]();
    answer();
    await closing;
    await settled();
    expect(reading.items).toEqual([]);
  }

  async function expectNobodyListens(store: TroubledStore): Promise<void> {
    await vi.advanceTimersByTimeAsync(5000);
    expect(store.listeners.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  }
});
