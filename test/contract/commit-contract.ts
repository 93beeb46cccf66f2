import { expect, test } from "vitest";
import {
  accept,
  append,
  countTo,
  newEvent,
  newEvents,
  newScope,
  newTopic,
  offsetsOf,
  retained,
  upTo,
} from "./store-fixtures.js";
import type { OpenStore } from "./store-fixtures.js";

export function commitContract(open: OpenStore): void {
  test("counts a topic's offsets 1, 2, 3 … without holes, over commits of one event and of several", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const cursors = [
      ...(await accept(store, { scope, events: newEvents(topic, 1) })),
      ...(await accept(store, { scope, events: newEvents(topic, 3) })),
      ...(await accept(store, { scope, events: newEvents(topic, 2) })),
    ];
    expect(offsetsOf(cursors)).toEqual(countTo(6));
    expect(offsetsOf(await retained(store, { scope, topic }))).toEqual(countTo(6));
  });

  test("gives a topic one epoch, which no other topic has", async () => {
    await using store = await open();
    const topics = [newTopic(), newTopic(), { ...newTopic(), topic: "another" }];
    const epochs = new Set<string>();
    for (const topic of topics) {
      const cursors = await append(store, topic, 3);
      const ofTopic = new Set(cursors.map(({ epoch }) => epoch));
      expect(ofTopic.size).toBe(1);
      for (const epoch of ofTopic) epochs.add(epoch);
    }
    expect(epochs.size).toBe(topics.length);
  });

  test("gives topics that it creates together epochs of their own: the cursor of one is none of the other", async () => {
    await using store = await open();
    const scope = newScope();
    const cursors = await accept(store, { scope, events: [newEvent("a", "e1"), newEvent("b", "e1")] });
    expect(new Set(cursors.map(({ epoch }) => epoch)).size).toBe(2);
    expect(await store.replay({ scope, topic: "b" }, cursors[0] ?? null, upTo(10))).toMatchObject({
      reason: "log-lost",
    });
  });

  test("draws an epoch that a cursor's text can carry", async () => {
    await using store = await open();
    const [cursor] = await append(store, newTopic(), 1);
    expect(cursor?.epoch).toMatch(/^[0-9a-z]{1,32}$/);
  });

  test("returns one cursor for each event, in the order of the events, over several topics", async () => {
    await using store = await open();
    const scope = newScope();
    await accept(store, { scope, events: newEvents("b", 4) });
    const events = "abbacab".split("").map((topic, index) => newEvent(topic, `e${index}`));
    const cursors = await accept(store, { scope, events });
    expect(offsetsOf(cursors)).toEqual([1, 5, 6, 2, 1, 3, 7]);
    const epochOf = new Map<string, string>();
    for (const topic of "abc") epochOf.set(topic, (await store.head({ scope, topic })).cursor.epoch);
    expect(cursors.map(({ epoch }) => epoch)).toEqual("abbacab".split("").map((topic) => epochOf.get(topic)));
    expect((await retained(store, { scope, topic: "a" })).map(({ type }) => type)).toEqual([
      "e0",
      "e3",
      "e5",
    ]);
    expect((await retained(store, { scope, topic: "b" })).slice(4).map(({ type }) => type)).toEqual([
      "e1",
      "e2",
      "e6",
    ]);
  });

  test("sets the fields it names and leaves the others", async () => {
    await using store = await open();
    const scope = newScope();
    await accept(store, { scope, state: { key: "k", set: { a: "1", b: "2" } }, events: [] });
    await accept(store, { scope, state: { key: "k", set: { b: "3", c: "" } }, events: [] });
    expect(await store.readState({ scope, key: "k" })).toEqual({ a: "1", b: "3", c: "" });
  });

  test("that sets no fields leaves the state as it is and still appends", async () => {
    await using store = await open();
    const scope = newScope();
    await accept(store, { scope, state: { key: "k", set: { a: "1" } }, events: [] });
    await accept(store, {
      scope,
      state: { key: "k", expect: { a: ["1"] }, set: {} },
      events: newEvents("t", 1),
    });
    expect(await store.readState({ scope, key: "k" })).toEqual({ a: "1" });
    expect(await retained(store, { scope, topic: "t" })).toHaveLength(1);
  });

  test("keeps the text of a state as it is", async () => {
    await using store = await open();
    const scope = newScope();
    const texts = [
      '"quotes"',
      "back\\slash",
      "two\nlines",
      "nul\0",
      "emoji 🧵",
      "ünï",
      "{}",
      "[]",
      "1e3",
      "\u2028",
      "null",
    ];
    const set = Object.fromEntries(texts.map((text) => [`field ${text}`, text]));
    await accept(store, { scope, state: { key: "k", set }, events: [] });
    expect(await store.readState({ scope, key: "k" })).toEqual(set);
  });

  test("is not refused for half a surrogate pair in a state's text", async () => {
    await using store = await open();
    const scope = newScope();
    await accept(store, {
      scope,
      state: { key: "k", set: { a: "half \ud83e pair", b: "whole" } },
      events: [],
    });
    expect(await store.readState({ scope, key: "k" })).toMatchObject({ b: "whole" });
  });

  test("takes many fields and many events at once", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const set = Object.fromEntries(countTo(1000).map((number) => [`field${number}`, `${number}`]));
    const cursors = await accept(store, { scope, state: { key: "k", set }, events: newEvents(topic, 500) });
    expect(offsetsOf(cursors)).toEqual(countTo(500));
    expect(await store.readState({ scope, key: "k" })).toEqual(set);
  });

  test("takes more indexes and fields than a script may hand over at once, and lets go of them", async () => {
    await using store = await open();
    const scope = newScope();
    const names = countTo(4100).map((number) => `n${number}`);
    const set = Object.fromEntries(names.map((name) => [name, "1"]));
    await accept(store, { scope, state: { key: "k", set, index: names }, events: [] });
    expect(Object.keys((await store.readState({ scope, key: "k" })) ?? {})).toHaveLength(names.length);
    expect(Object.values(await store.countStates(scope))).toEqual(names.map(() => 1));
    await accept(store, { scope, state: { key: "k", set: {}, unlist: names, remove: true }, events: [] });
    expect(await store.countStates(scope)).toEqual({});
  });

  test.each([
    ["due", { state: { due: Number.NaN } }],
    ["due", { state: { due: Number.POSITIVE_INFINITY } }],
    ["retainMs", { retainMs: Number.POSITIVE_INFINITY }],
    ["retainMs", { retainMs: 1000.5 }],
    ["idleMs", { event: { idleMs: 2 ** 60 } }],
    ["maxEvents", { keep: { maxEvents: 0 } }],
    ["maxBytes", { keep: { maxBytes: Number.NaN } }],
  ])(
    "with a %s that is no whole number is refused with its name, and nothing is changed: %o",
    async (name, odd) => {
      await using store = await open();
      const { scope, topic } = newTopic();
      const { state, event, ...rest } = { state: {}, event: {}, ...odd };
      const commit = {
        scope,
        state: { key: "k", set: { a: "1" }, index: "all", ...state },
        events: [{ ...newEvent(topic, "e1"), ...event }],
        ...rest,
      };
      await expect(store.commit(commit)).rejects.toThrow(
        new RegExp(`^${name} is .*; it is a whole number from`),
      );
      expect(await store.readState({ scope, key: "k" })).toBeNull();
      expect(await store.countStates(scope)).toEqual({});
      expect(await store.head({ scope, topic })).toMatchObject({ cursor: { offset: 0 } });
    },
  );

  test("is not made by a store that is to keep no whole number of events, bytes or milliseconds", async () => {
    for (const odd of [
      { maxEvents: 1.5 },
      { maxBytes: Number.POSITIVE_INFINITY },
      { emptyTopicMs: Number.NaN },
    ])
      await expect((async () => open({ maxEvents: 10, ...odd }))()).rejects.toThrow(
        "it is a whole number from",
      );
  });

  test("of nothing is accepted", async () => {
    await using store = await open();
    expect(await store.commit({ scope: newScope(), events: [] })).toEqual({ accepted: true, cursors: [] });
  });

  test("of many writers at once leaves one log without holes", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const commits = countTo(40).map((writer) =>
      accept(store, { scope, events: [newEvent(topic, `${writer}a`), newEvent(topic, `${writer}b`)] }),
    );
    const written = (await Promise.all(commits)).flat();
    expect(offsetsOf(written).toSorted((a, b) => a - b)).toEqual(countTo(80));
    const types = (await retained(store, { scope, topic })).map(({ type }) => type);
    for (const writer of countTo(40))
      expect(types.indexOf(`${writer}b`)).toBe(types.indexOf(`${writer}a`) + 1);
  });

  test("is read back at once: state, head and log", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    for (const round of countTo(20)) {
      const [cursor] = await accept(store, {
        scope,
        state: { key: "k", set: { round: `${round}` } },
        events: [newEvent(topic, `e${round}`)],
      });
      expect(await store.readState({ scope, key: "k" })).toEqual({ round: `${round}` });
      expect((await store.head({ scope, topic })).cursor).toEqual(cursor);
    }
  });

  test("reads a key nobody has written as null", async () => {
    await using store = await open();
    expect(await store.readState({ scope: newScope(), key: "k" })).toBeNull();
  });
}
