import { expect, test } from "vitest";
import type { Store } from "../../server/src/store/store.js";
import { accept, append, eventually, newScope, newTopic, retained, upTo } from "./store-fixtures.js";
import type { OpenStore } from "./store-fixtures.js";

const emptyTopicMs = 300;
const maxEvents = 10;
/** A timer may be early by a millisecond of the wall clock. */
const clockSlackMs = 5;

export function emptyTopicContract(open: OpenStore): void {
  test("keeps its epoch while it is asked for", async () => {
    await using store = await open({ maxEvents });
    const topic = newTopic();
    const { cursor } = await store.head(topic);
    expect(cursor.offset).toBe(0);
    expect((await store.head(topic)).cursor).toEqual(cursor);
    expect(await store.replay(topic, cursor, upTo(10))).toEqual({
      kind: "events",
      entries: [],
      head: { cursor, closed: false },
    });
  });

  test.each(["head", "replay"] as const)("is forgotten some time after the last %s", async (method) => {
    await using store = await open({ maxEvents, emptyTopicMs });
    const topic = newTopic();
    const ask = () => (method === "head" ? store.head(topic) : store.replay(topic, null, upTo(10)));
    await ask();
    const { cursor } = await store.head(topic);
    await ask();
    await passed(store, emptyTopicMs + clockSlackMs);
    expect((await store.head(topic)).cursor.epoch).not.toBe(cursor.epoch);
  });

  test("is not forgotten once it has events, and its first commit keeps its epoch", async () => {
    await using store = await open({ maxEvents, emptyTopicMs });
    const topic = newTopic();
    const { epoch } = (await store.head(topic)).cursor;
    const cursors = await append(store, topic, 2);
    expect(cursors).toEqual([
      { epoch, offset: 1 },
      { epoch, offset: 2 },
    ]);
    await passed(store, emptyTopicMs + clockSlackMs);
    expect((await store.head(topic)).cursor).toEqual(cursors[1]);
    expect(await retained(store, topic)).toHaveLength(2);
  });

  test("that was dropped and asked for again is forgotten too", async () => {
    await using store = await open({ maxEvents, emptyTopicMs });
    const { scope, topic } = newTopic();
    await accept(store, { scope, events: [{ topic, type: "end", body: "{}", last: true }], retainMs: 0 });
    const { cursor } = await store.head({ scope, topic });
    await passed(store, emptyTopicMs + clockSlackMs);
    expect((await store.head({ scope, topic })).cursor.epoch).not.toBe(cursor.epoch);
  });
}

/** Resolves after so many milliseconds of the store's own clock. */
async function passed(store: Store, retainMs: number): Promise<void> {
  const witness = { scope: newScope(), key: "witness" };
  await accept(store, {
    scope: witness.scope,
    state: { key: witness.key, set: { a: "1" } },
    events: [],
    retainMs,
  });
  await eventually(async () => expect(await store.readState(witness)).toBeNull());
}
