import { expect, test } from "vitest";
import type { Store } from "../../server/src/store/store.js";
import { accept, eventually, newEvent, newScope, newTopic } from "./store-fixtures.js";
import type { OpenStore } from "./store-fixtures.js";

const longAgo = 1000;

export function moveContract(open: OpenStore): void {
  test("moves a state from one index to another in the commit that changes it, and counts both exactly", async () => {
    await using store = await open();
    const scope = newScope();
    for (const key of ["a", "b", "c"])
      await accept(store, { scope, state: { key, set: { at: "1" }, index: ["all", "one"] }, events: [] });
    expect(await store.countStates(scope)).toEqual({ all: 3, one: 3 });
    const move = {
      key: "b",
      expect: { at: ["1"] },
      set: { at: "2" },
      index: ["all", "two"],
      unlist: ["one"],
    };
    await accept(store, { scope, state: move, events: [] });
    expect(await store.countStates(scope)).toEqual({ all: 3, one: 2, two: 1 });
    expect(await keysIn(store, scope, "one")).toEqual(["a", "c"]);
    expect(await keysIn(store, scope, "two")).toEqual(["b"]);
    expect(await store.commit({ scope, state: move, events: [] })).toMatchObject({ accepted: false });
    expect(await store.countStates(scope)).toEqual({ all: 3, one: 2, two: 1 });
  });

  test("an index that lists nothing is no longer counted, whatever its name", async () => {
    await using store = await open();
    const scope = newScope();
    const odd = "a b/{c}:%*\né";
    await accept(store, { scope, state: { key: "a", set: { at: "1" }, index: [odd] }, events: [] });
    expect(await store.countStates(scope)).toEqual({ [odd]: 1 });
    await accept(store, { scope, state: { key: "a", set: {}, unlist: [odd] }, events: [] });
    expect(await store.countStates(scope)).toEqual({});
  });

  test("removes a state with what lists it, and its topic, in one commit", async () => {
    await using store = await open();
    const scope = newScope();
    await accept(store, {
      scope,
      state: { key: "a", set: { at: "1" }, index: ["all"], due: longAgo },
      events: [newEvent("topic", "e1")],
    });
    await accept(store, {
      scope,
      state: { key: "a", expect: { at: ["1"] }, set: {}, unlist: ["all"], due: null, remove: true },
      events: [],
      closedTopics: ["topic"],
      retainMs: 0,
    });
    expect(await store.readState({ scope, key: "a" })).toBeNull();
    expect(await store.countStates(scope)).toEqual({});
    expect((await store.listDue({ scope, limit: 10 })).items).toEqual([]);
    expect(await store.head({ scope, topic: "topic" })).toMatchObject({ cursor: { offset: 0 } });
  });

  test("counts no more what has expired and was listed", async () => {
    await using store = await open();
    const scope = newScope();
    await accept(store, {
      scope,
      state: { key: "a", set: { at: "1" }, index: ["all"] },
      events: [],
      retainMs: 20,
    });
    await eventually(async () => expect(await keysIn(store, scope, "all")).toEqual([]));
    expect(await store.countStates(scope)).toEqual({});
  });
}

export function dueContract(open: OpenStore): void {
  test("lists what is due, the longest due first, and no more than asked for", async () => {
    await using store = await open();
    const scope = newScope();
    const dueAt = { late: 3000, first: 1000, second: 2000, notYet: Date.now() + 3_600_000 };
    for (const [key, due] of Object.entries(dueAt))
      await accept(store, { scope, state: { key, set: { key }, due }, events: [] });
    const item = (key: string) => ({ key, state: { key } });
    expect((await store.listDue({ scope, limit: 10 })).items).toEqual(["first", "second", "late"].map(item));
    expect((await store.listDue({ scope, limit: 2 })).items).toEqual(["first", "second"].map(item));
  });

  test("says when the first is due, whether that has come or not", async () => {
    await using store = await open();
    const [scope, laterMs] = [newScope(), Date.now() + 3_600_000];
    expect(await store.nextDue(scope)).toBeNull();
    for (const [key, due] of [
      ["later", laterMs],
      ["long ago", longAgo],
      ["never", null],
    ] as const)
      await accept(store, { scope, state: { key, set: { key }, due }, events: [] });
    expect(await store.nextDue(scope)).toBe(longAgo);
    await accept(store, { scope, state: { key: "long ago", set: {}, due: null }, events: [] });
    expect(await store.nextDue(scope)).toBe(laterMs);
    await accept(store, { scope, state: { key: "later", set: {}, due: null, remove: true }, events: [] });
    expect(await store.nextDue(scope)).toBeNull();
  });

  test("a later due time takes the place of an earlier one, `null` takes it away, and leaving it out keeps it", async () => {
    await using store = await open();
    const scope = newScope();
    const set = { at: "1" };
    const keysDue = async () => (await store.listDue({ scope, limit: 10 })).items.map(({ key }) => key);
    for (const key of ["moved", "taken", "kept"])
      await accept(store, { scope, state: { key, set, due: longAgo }, events: [] });
    await accept(store, { scope, state: { key: "moved", set, due: Date.now() + 3_600_000 }, events: [] });
    await accept(store, { scope, state: { key: "taken", set, due: null }, events: [] });
    await accept(store, { scope, state: { key: "kept", set }, events: [] });
    expect(await keysDue()).toEqual(["kept"]);
  });

  test("says that a state is gone that is due all the same", async () => {
    await using store = await open();
    const scope = newScope();
    await accept(store, {
      scope,
      state: { key: "a", set: { at: "1" }, due: longAgo },
      events: [],
      retainMs: 1,
    });
    await eventually(async () =>
      expect((await store.listDue({ scope, limit: 10 })).items).toEqual([{ key: "a", state: null }]),
    );
  });
}

export function idleContract(open: OpenStore): void {
  test("a topic is forgotten when nothing was appended for `idleMs`", async () => {
    await using store = await open();
    const topic = newTopic();
    const first = await accept(store, {
      scope: topic.scope,
      events: [{ ...newEvent(topic.topic, "e1"), idleMs: 20 }],
    });
    await passed(store, 60);
    const { cursor } = await store.head(topic);
    expect(cursor.offset).toBe(0);
    expect(cursor.epoch).not.toBe(first[0]?.epoch);
  });

  test("what is appended meanwhile keeps it", async () => {
    await using store = await open();
    const topic = newTopic();
    const append = (type: string, idleMs: number) =>
      accept(store, { scope: topic.scope, events: [{ ...newEvent(topic.topic, type), idleMs }] });
    await append("e1", 50);
    await append("e2", 3_600_000);
    await passed(store, 120);
    expect((await store.head(topic)).cursor).toMatchObject({ offset: 2 });
  });

  test("`expectOpen` refuses what would follow the last event of any of its topics", async () => {
    await using store = await open();
    const { scope } = newTopic();
    await accept(store, { scope, events: [{ ...newEvent("closed", "end"), last: true }], expectOpen: true });
    const commit = {
      scope,
      state: { key: "a", set: { at: "1" } },
      events: [newEvent("open", "e1"), newEvent("closed", "e2")],
      expectOpen: true,
    };
    expect(await store.commit(commit)).toEqual({ accepted: false, state: null });
    expect(await store.readState({ scope, key: "a" })).toBeNull();
    expect((await store.head({ scope, topic: "open" })).cursor.offset).toBe(0);
    expect((await store.head({ scope, topic: "closed" })).cursor.offset).toBe(1);
  });
}

/** So much time has gone by for the store: a state that was to be kept for so long is gone. */
async function passed(store: Store, retainMs: number): Promise<void> {
  const scope = newScope();
  await accept(store, { scope, state: { key: "clock", set: { a: "1" } }, events: [], retainMs });
  await eventually(async () => expect(await store.readState({ scope, key: "clock" })).toBeNull());
}

async function keysIn(store: Store, scope: string, index: string): Promise<string[]> {
  const { items } = await store.listStates({ scope, index, order: "ascending", limit: 100 });
  return items.map(({ key }) => key);
}
