import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import {
  RecordingListener,
  accept,
  countTo,
  newEvent,
  newEvents,
  newScope,
  newTopic,
  retained,
} from "./store-fixtures.js";
import type { OpenStore } from "./store-fixtures.js";

export function idempotencyContract(open: OpenStore): void {
  test("makes a commit that is tried again answer as the first time and change nothing", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const listener = new RecordingListener();
    await using _listening = await store.listen({ scope, topic }, listener);
    const events = [newEvent(topic, "e1"), newEvent("other", "e1"), newEvent(topic, "e2")];
    const commit = { scope, state: { key: "k", set: { a: "1" } }, events, idempotencyKey: randomUUID() };
    const first = await store.commit(commit);
    await accept(store, { scope, state: { key: "k", set: { a: "2" } }, events: newEvents(topic, 1) });
    expect(first.accepted).toBe(true);
    expect(await store.commit(commit)).toEqual({ ...first, repeated: true });
    expect(await store.readState({ scope, key: "k" })).toEqual({ a: "2" });
    expect(await retained(store, { scope, topic })).toHaveLength(3);
    expect(await retained(store, { scope, topic: "other" })).toHaveLength(1);
    await accept(store, { scope, events: [newEvent(topic, "end")] });
    await listener.until("end");
    expect(listener.messages).toHaveLength(3);
  });

  test("is looked at before the guard: what was accepted once is not refused when it is tried again", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const state = { key: "k", expect: "absent", set: { a: "1" } } as const;
    const commit = { scope, state, events: newEvents(topic, 1), idempotencyKey: randomUUID() };
    const first = await store.commit(commit);
    expect(await store.commit(commit)).toEqual({ ...first, repeated: true });
    expect(await store.commit({ ...commit, idempotencyKey: randomUUID() })).toEqual({
      accepted: false,
      state: { a: "1" },
    });
  });

  test("does not remember a refusal", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const state = { key: "k", expect: { a: ["1"] }, set: { a: "2" } };
    const commit = { scope, state, events: newEvents(topic, 1), idempotencyKey: randomUUID() };
    expect(await store.commit(commit)).toEqual({ accepted: false, state: null });
    await accept(store, { scope, state: { key: "k", set: { a: "1" } }, events: [] });
    expect(await store.commit(commit)).toMatchObject({ accepted: true });
    expect(await store.readState({ scope, key: "k" })).toEqual({ a: "2" });
  });

  test("makes one commit of fifty that race with the same key", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const idempotencyKey = randomUUID();
    const commits = countTo(50).map(() =>
      store.commit({ scope, events: newEvents(topic, 2), idempotencyKey }),
    );
    const results = await Promise.all(commits);
    const first = results.find((result) => !("repeated" in result));
    expect(results.filter((result) => result !== first)).toEqual(
      countTo(49).map(() => ({ ...first, repeated: true })),
    );
    expect(await retained(store, { scope, topic })).toHaveLength(2);
  });

  test("counts in its scope only, and is no state key, topic or index of that name", async () => {
    await using store = await open();
    const [scope, other] = [newScope(), newScope()];
    const commit = {
      state: { key: "x", set: { a: "1" }, index: "x" },
      events: newEvents("x", 1),
      idempotencyKey: "x",
    };
    const first = await store.commit({ ...commit, scope });
    const second = await store.commit({ ...commit, scope: other });
    expect(second).not.toEqual(first);
    expect(await retained(store, { scope, topic: "x" })).toHaveLength(1);
    expect(await retained(store, { scope: other, topic: "x" })).toHaveLength(1);
    expect(await store.readState({ scope, key: "x" })).toEqual({ a: "1" });
  });

  test("outlives what the commit dropped", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const events = [{ ...newEvent(topic, "end"), last: true }];
    const commit = {
      scope,
      state: { key: "k", set: { a: "1" } },
      events,
      retainMs: 0,
      idempotencyKey: randomUUID(),
    };
    const first = await store.commit(commit);
    expect(await store.commit(commit)).toEqual({ ...first, repeated: true });
    expect(await store.readState({ scope, key: "k" })).toBeNull();
    expect(await retained(store, { scope, topic })).toEqual([]);
  });

  test("also serves a commit without events", async () => {
    await using store = await open();
    const scope = newScope();
    const commit = (a: string) =>
      store.commit({ scope, state: { key: "k", set: { a } }, events: [], idempotencyKey: "once" });
    expect(await commit("1")).toEqual({ accepted: true, cursors: [] });
    expect(await commit("2")).toEqual({ accepted: true, cursors: [], repeated: true });
    expect(await store.readState({ scope, key: "k" })).toEqual({ a: "1" });
  });
}
