import { expect, test } from "vitest";
import {
  RecordingListener,
  accept,
  append,
  eventually,
  newEvent,
  newScope,
  offsetsOf,
  retained,
} from "./store-fixtures.js";
import type { OpenStore } from "./store-fixtures.js";

/** Names that meet when a key is put together carelessly, and names that a careless encoding maps to one. */
const nastyNames = [
  "a",
  "A",
  "a ",
  " a",
  "a b",
  "a%20b",
  "a%2520b",
  "a+b",
  "a%",
  "%",
  "%25",
  "a:b",
  "a::b",
  ":",
  "::",
  "{a}",
  "{a",
  "a}",
  "}{",
  "{}",
  "%7Ba%7D",
  "a}:s:k",
  "a}:l:t",
  "a}:h:t",
  "jw:{a}",
  "jw:{a}:s:k",
  "*",
  "?",
  "[a]",
  "a\\",
  "a/b",
  "../a",
  "ä",
  "a\u0308",
  "漢字",
  "🧵",
  "a\nb",
  "a\0",
  '"',
  "'",
  "constructor",
  "__proto__",
  "owner:a",
  "0",
  "-1",
  "null",
  '["a","b"]',
];

export function scopeContract(open: OpenStore): void {
  test("never meets another, however it is named: states, indexes, logs and messages", async () => {
    await using store = await open();
    const prefix = newScope();
    const scopes = nastyNames.map((name) => ({ scope: `${name}${prefix}${name}`, name }));
    const listeners = new Map<string, RecordingListener>();
    for (const { scope } of scopes) {
      const listener = new RecordingListener();
      listeners.set(scope, listener);
      await store.listen({ scope, topic: "t" }, listener);
    }
    for (const { scope, name } of scopes) {
      const state = { key: "k", expect: "absent", set: { name }, index: "all" } as const;
      await accept(store, { scope, state, events: [{ topic: "t", type: "t", body: JSON.stringify(name) }] });
    }
    const epochs = new Set<string>();
    for (const { scope, name } of scopes) {
      const entries = [{ offset: 1, type: "t", body: JSON.stringify(name), last: false }];
      expect(await store.readState({ scope, key: "k" })).toEqual({ name });
      expect(await retained(store, { scope, topic: "t" })).toEqual(entries);
      const { items } = await store.listStates({ scope, index: "all", order: "ascending", limit: 10 });
      expect(items).toEqual([{ key: "k", state: { name } }]);
      epochs.add((await store.head({ scope, topic: "t" })).cursor.epoch);
      await eventually(() => expect(listeners.get(scope)?.entries).toEqual(entries));
    }
    expect(epochs.size).toBe(scopes.length);
  });

  test("holds keys, indexes and topics of any name, none of which meets another", async () => {
    await using store = await open();
    const scope = newScope();
    for (const name of nastyNames) {
      const state = { key: name, expect: "absent", set: { name }, index: name } as const;
      await accept(store, { scope, state, events: [{ topic: name, type: "t", body: JSON.stringify(name) }] });
    }
    for (const name of nastyNames) {
      expect(await store.readState({ scope, key: name })).toEqual({ name });
      expect((await retained(store, { scope, topic: name })).map(({ body }) => body)).toEqual([
        JSON.stringify(name),
      ]);
      const { items } = await store.listStates({ scope, index: name, order: "ascending", limit: 10 });
      expect(items).toEqual([{ key: name, state: { name } }]);
    }
  });

  test("may be the empty text", async () => {
    await using store = await open();
    const topic = { scope: "", topic: newScope() };
    await append(store, topic, 2);
    expect(offsetsOf(await retained(store, topic))).toEqual([1, 2]);
    expect(await retained(store, { ...topic, scope: " " })).toEqual([]);
  });

  test("with half a surrogate pair in its name works like any other", async () => {
    await using store = await open();
    const topic = { scope: `half \ud83e pair ${newScope()}`, topic: "t" };
    const listener = new RecordingListener();
    await using _listening = await store.listen(topic, listener);
    await accept(store, { scope: topic.scope, events: [newEvent("t", "heard")] });
    await listener.until("heard");
    expect(offsetsOf(await retained(store, topic))).toEqual([1]);
  });

  test("has topics of its own: one with the same name in another scope is another log", async () => {
    await using store = await open();
    const [mine, theirs] = [newScope(), newScope()];
    const [first] = await append(store, { scope: mine, topic: "feed" }, 3);
    const [second] = await append(store, { scope: theirs, topic: "feed" }, 1);
    expect(second?.epoch).not.toBe(first?.epoch);
    expect(second?.offset).toBe(1);
    expect(await retained(store, { scope: mine, topic: "feed" })).toHaveLength(3);
    expect(await retained(store, { scope: theirs, topic: "feed" })).toHaveLength(1);
  });
}
