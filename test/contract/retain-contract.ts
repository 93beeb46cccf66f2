import { expect, test } from "vitest";
import type { Store, TopicKey } from "../../server/src/store/store.js";
import {
  accept,
  entriesOf,
  eventually,
  newEvent,
  newEvents,
  newScope,
  newTopic,
  retained,
  upTo,
} from "./store-fixtures.js";
import type { OpenStore } from "./store-fixtures.js";

/** Long enough for a commit and a few reads, short enough to wait for. */
const shortMs = 300;
const longMs = 60_000;

export function retainContract(open: OpenStore): void {
  test("0 drops the state and the topics that the commit closes, now, and takes the key out of the index", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const state = { key: "k", set: { a: "1" }, index: "all" };
    const before = await accept(store, { scope, state, events: newEvents(topic, 3) });
    const cursors = await accept(store, { scope, state, events: [end(topic)], retainMs: 0 });
    expect(cursors).toEqual([{ epoch: before[0]?.epoch, offset: 4 }]);
    expect(await store.readState({ scope, key: "k" })).toBeNull();
    expect(await listed(store, scope)).toEqual([]);
    expect(await retained(store, { scope, topic })).toEqual([]);
    const { cursor, closed } = await store.head({ scope, topic });
    expect({ closed, offset: cursor.offset }).toEqual({ closed: false, offset: 0 });
    expect(cursor.epoch).not.toBe(before[0]?.epoch);
  });

  test("keeps the state and the closed topics until it has passed, then drops both", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const state = { key: "k", set: { a: "1" }, index: "all" };
    const [cursor] = await accept(store, { scope, state, events: [end(topic)], retainMs: shortMs });
    expect(await store.readState({ scope, key: "k" })).toEqual({ a: "1" });
    expect(await retained(store, { scope, topic })).toHaveLength(1);
    await eventually(async () => expect(await store.readState({ scope, key: "k" })).toBeNull());
    await replaced(store, { scope, topic }, cursor?.epoch);
    expect(await retained(store, { scope, topic })).toEqual([]);
    expect(await listed(store, scope)).toEqual([]);
  });

  test("tells who held a cursor of a dropped topic that its log is lost", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const [cursor] = await accept(store, { scope, events: [end(topic)], retainMs: 0 });
    expect(await store.replay({ scope, topic }, cursor ?? null, upTo(10))).toEqual({
      kind: "gap",
      reason: "log-lost",
      resumeAfter: (await store.head({ scope, topic })).cursor,
    });
  });

  test("leaves open topics of the same commit as they are", async () => {
    await using store = await open();
    const scope = newScope();
    const events = [...newEvents("open", 2), end("closed")];
    const cursors = await accept(store, { scope, state: { key: "k", set: { a: "1" } }, events, retainMs: 1 });
    await eventually(async () => expect(await store.readState({ scope, key: "k" })).toBeNull());
    await replaced(store, { scope, topic: "closed" }, cursors[2]?.epoch);
    expect((await store.head({ scope, topic: "open" })).cursor).toEqual(cursors[1]);
    expect(entriesOf(await store.replay({ scope, topic: "open" }, null, upTo(10)))).toHaveLength(2);
  });

  test("leaves the topics that earlier commits closed, and other states, as they are", async () => {
    await using store = await open();
    const scope = newScope();
    const other = { key: "other", set: { a: "1" }, index: "all" };
    const [cursor] = await accept(store, { scope, state: other, events: [end("kept")] });
    await accept(store, {
      scope,
      state: { key: "k", set: { a: "1" } },
      events: [end("dropped")],
      retainMs: 0,
    });
    expect(await store.head({ scope, topic: "kept" })).toEqual({ cursor, closed: true });
    expect(await store.readState({ scope, key: "other" })).toEqual({ a: "1" });
    expect(await listed(store, scope)).toEqual(["other"]);
  });

  test("is also for the topics that earlier commits closed, when it names them", async () => {
    await using store = await open();
    const scope = newScope();
    const state = { key: "k", set: { a: "1" } };
    const [dropped] = await accept(store, { scope, events: [end("dropped")] });
    const [kept] = await accept(store, { scope, events: [end("kept")] });
    const refused = { ...state, expect: { a: ["another"] } };
    const change = { scope, events: [], retainMs: 0, closedTopics: ["dropped", "never written"] };
    expect(await store.commit({ ...change, state: refused })).toEqual({ accepted: false, state: null });
    expect((await store.head({ scope, topic: "dropped" })).cursor).toEqual(dropped);
    await accept(store, { ...change, state });
    expect((await store.head({ scope, topic: "dropped" })).cursor.epoch).not.toBe(dropped?.epoch);
    expect(await retained(store, { scope, topic: "dropped" })).toEqual([]);
    expect(await store.head({ scope, topic: "kept" })).toEqual({ cursor: kept, closed: true });
  });

  test("also drops without a state, and without events", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const [cursor] = await accept(store, { scope, events: [end(topic)], retainMs: 1 });
    await replaced(store, { scope, topic }, cursor?.epoch);
    await accept(store, { scope, state: { key: "k", set: { a: "1" } }, events: [] });
    await accept(store, { scope, state: { key: "k", set: {} }, events: [], retainMs: 0 });
    expect(await store.readState({ scope, key: "k" })).toBeNull();
  });

  test("of a key that was never written leaves nothing behind", async () => {
    await using store = await open();
    const scope = newScope();
    await accept(store, { scope, state: { key: "k", set: {}, index: "all" }, events: [], retainMs: 0 });
    expect(await store.readState({ scope, key: "k" })).toBeNull();
    expect(await listed(store, scope)).toEqual([]);
  });

  test("lets a commit after the drop begin anew: an absent state, and a log from offset 1 in another epoch", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const state = { key: "k", set: { a: "1", b: "2" } };
    const [old] = await accept(store, { scope, state, events: [end(topic)], retainMs: 0 });
    const [cursor] = await accept(store, {
      scope,
      state: { key: "k", expect: "absent", set: { a: "3" } },
      events: [newEvent(topic, "again")],
    });
    expect(cursor?.offset).toBe(1);
    expect(cursor?.epoch).not.toBe(old?.epoch);
    expect(await store.readState({ scope, key: "k" })).toEqual({ a: "3" });
    expect(await store.head({ scope, topic })).toEqual({ cursor, closed: false });
  });

  test("of an earlier life does not drop what was written after an immediate drop", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const state = { key: "k", set: { a: "1" }, index: "all" };
    await accept(store, { scope, state, events: [end(topic)], retainMs: shortMs });
    const witness = { key: "witness", set: { a: "1" } };
    await accept(store, { scope, state: witness, events: [], retainMs: shortMs });
    await accept(store, { scope, state, events: [end(topic)], retainMs: 0 });
    const [cursor] = await accept(store, { scope, state, events: [newEvent(topic, "again")] });
    await eventually(async () => expect(await store.readState({ scope, key: "witness" })).toBeNull());
    expect(await store.readState({ scope, key: "k" })).toEqual({ a: "1" });
    expect(await listed(store, scope)).toEqual(["k"]);
    expect(await store.head({ scope, topic })).toEqual({ cursor, closed: false });
  });

  test("given again replaces what was given before: longer", async () => {
    await using store = await open();
    const scope = newScope();
    const state = { key: "k", set: { a: "1" }, index: "all" };
    await accept(store, { scope, state, events: [], retainMs: shortMs });
    await accept(store, { scope, state: { key: "witness", set: { a: "1" } }, events: [], retainMs: shortMs });
    await accept(store, { scope, state, events: [], retainMs: longMs });
    await eventually(async () => expect(await store.readState({ scope, key: "witness" })).toBeNull());
    expect(await store.readState({ scope, key: "k" })).toEqual({ a: "1" });
    expect(await listed(store, scope)).toEqual(["k"]);
  });

  test("of a state that was removed does not drop the one that is made anew", async () => {
    await using store = await open();
    const scope = newScope();
    const state = { key: "k", set: { a: "1" } };
    await accept(store, { scope, state, events: [], retainMs: shortMs });
    await accept(store, { scope, state: { key: "witness", set: { a: "1" } }, events: [], retainMs: shortMs });
    await accept(store, { scope, state: { ...state, remove: true }, events: [] });
    await accept(store, { scope, state, events: [] });
    await eventually(async () => expect(await store.readState({ scope, key: "witness" })).toBeNull());
    expect(await store.readState({ scope, key: "k" })).toEqual({ a: "1" });
  });

  test("of the commit that removes a state does not drop the one that is made anew, nor does a stamp make one", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const state = { key: "k", set: { a: "1" } };
    await accept(store, { scope, state, events: [] });
    const removal = { ...state, stamp: "at", remove: true };
    await accept(store, { scope, state: removal, events: [newEvent(topic, "e1")], retainMs: shortMs });
    expect(await store.readState({ scope, key: "k" })).toBeNull();
    await accept(store, { scope, state, events: [] });
    await accept(store, { scope, state: { key: "witness", set: { a: "1" } }, events: [], retainMs: shortMs });
    await eventually(async () => expect(await store.readState({ scope, key: "witness" })).toBeNull());
    expect(await store.readState({ scope, key: "k" })).toEqual({ a: "1" });
  });

  test("of a closed topic that had no events does not drop the first that comes", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    await store.head({ scope, topic });
    await accept(store, { scope, events: [], closedTopics: [topic], retainMs: shortMs });
    const [cursor] = await accept(store, { scope, events: [newEvent(topic, "e1")] });
    await accept(store, { scope, state: { key: "witness", set: { a: "1" } }, events: [], retainMs: shortMs });
    await eventually(async () => expect(await store.readState({ scope, key: "witness" })).toBeNull());
    expect((await store.head({ scope, topic })).cursor).toEqual(cursor);
  });

  test("still holds after a commit that says nothing about it", async () => {
    await using store = await open();
    const scope = newScope();
    await accept(store, { scope, state: { key: "k", set: { a: "1" } }, events: [], retainMs: shortMs });
    await accept(store, { scope, state: { key: "k", set: { a: "2" } }, events: [] });
    expect(await store.readState({ scope, key: "k" })).toEqual({ a: "2" });
    await eventually(async () => expect(await store.readState({ scope, key: "k" })).toBeNull());
  });

  test("given again replaces what was given before: shorter", async () => {
    await using store = await open();
    const scope = newScope();
    const state = { key: "k", set: { a: "1" }, index: "all" };
    await accept(store, { scope, state, events: [], retainMs: longMs });
    await accept(store, { scope, state, events: [], retainMs: 1 });
    await eventually(async () => expect(await store.readState({ scope, key: "k" })).toBeNull());
  });
}

function end(topic: string) {
  return { ...newEvent(topic, "end"), last: true };
}

async function listed(store: Store, scope: string): Promise<string[]> {
  const { items } = await store.listStates({ scope, index: "all", order: "ascending", limit: 100 });
  return items.map(({ key }) => key);
}

/** Resolves once the topic is another one than that of this epoch. */
async function replaced(store: Store, topic: TopicKey, epoch: string | undefined): Promise<void> {
  await eventually(async () => expect((await store.head(topic)).cursor.epoch).not.toBe(epoch));
}
