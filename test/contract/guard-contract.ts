import { expect, test } from "vitest";
import type { StateChange, Store } from "../../server/src/store/store.js";
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

type Guard = NonNullable<StateChange["expect"]>;

export function guardContract(open: OpenStore): void {
  const present = { status: "queued", revision: "1", empty: "" };

  test.each<[sentence: string, guard: Guard]>([
    ["one field that is as expected", { status: ["queued"] }],
    ["a field that has one of several values", { status: ["ready", "queued"] }],
    ["several fields that are all as expected", { status: ["queued"], revision: ["0", "1"] }],
    ['"" for a field that is missing', { workerId: [""] }],
    ['"" for a field that is empty', { empty: [""] }],
    ["no fields", {}],
  ])("accepts %s", async (_, guard) => {
    await using store = await open();
    const scope = newScope();
    await accept(store, { scope, state: { key: "k", set: present }, events: [] });
    const state = { key: "k", expect: guard, set: { status: "starting" } };
    expect(await store.commit({ scope, state, events: [] })).toMatchObject({ accepted: true });
    expect(await store.readState({ scope, key: "k" })).toEqual({ ...present, status: "starting" });
  });

  test.each([
    ["has come", -1, true],
    ["has not come yet", 60_000, false],
    ["is none", Number.NaN, false],
  ])("by a time that %s: by the clock of the store", async (_, aheadMs, accepted) => {
    await using store = await open();
    const scope = newScope();
    const until = Number.isNaN(aheadMs) ? "" : String(store.clock.now() + aheadMs);
    await accept(store, { scope, state: { key: "k", set: { until } }, events: [] });
    const state = { key: "k", expectPast: "until", set: { is: "over" } };
    expect(await store.commit({ scope, state, events: [] })).toMatchObject({ accepted });
    const elsewhere = { key: "absent", expectPast: "until", set: { is: "over" } };
    expect(await store.commit({ scope, state: elsewhere, events: [] })).toEqual({
      accepted: false,
      state: null,
    });
  });

  test.each<[sentence: string, guard: Guard]>([
    ["a field with another value", { status: ["ready"] }],
    ["a field with none of several values", { status: ["ready", "failed"] }],
    ["several fields of which one is otherwise", { status: ["queued"], revision: ["2"] }],
    ["a missing field of which a value is expected", { workerId: ["w"] }],
    ['"" for a field that has a value', { status: [""] }],
    ["a field that may have no value at all", { status: [] }],
    ["absent where there is a state", "absent"],
  ])("refuses %s, and returns the state as it is", async (_, guard) => {
    await using store = await open();
    const scope = newScope();
    await accept(store, { scope, state: { key: "k", set: present }, events: [] });
    const state = { key: "k", expect: guard, set: { status: "starting" } };
    expect(await store.commit({ scope, state, events: [] })).toEqual({ accepted: false, state: present });
  });

  test("absent accepts where there is no state, once", async () => {
    await using store = await open();
    const scope = newScope();
    const commit = (by: string) =>
      store.commit({ scope, state: { key: "k", expect: "absent", set: { by } }, events: [] });
    expect(await commit("first")).toMatchObject({ accepted: true });
    expect(await commit("second")).toEqual({ accepted: false, state: { by: "first" } });
  });

  test('accepts "" for any field of a state that does not exist', async () => {
    await using store = await open();
    const scope = newScope();
    const state = { key: "k", expect: { status: ["", "queued"] }, set: { status: "queued" } };
    expect(await store.commit({ scope, state, events: [] })).toMatchObject({ accepted: true });
  });

  test("that expects a value refuses where there is no state, and returns null", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const state = { key: "k", expect: { status: ["queued"] }, set: { status: "starting" }, index: "all" };
    expect(await store.commit({ scope, state, events: newEvents(topic, 1) })).toEqual({
      accepted: false,
      state: null,
    });
    expect(await store.readState({ scope, key: "k" })).toBeNull();
  });

  test("that refuses changes nothing, appends nothing, lists nothing, drops nothing and publishes nothing", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    await accept(store, { scope, state: { key: "k", set: present }, events: newEvents(topic, 2) });
    const before = await inspect(store, scope);
    const listener = new RecordingListener();
    await using _listening = await store.listen({ scope, topic }, listener);
    const refused = await store.commit({
      scope,
      state: { key: "k", expect: { status: ["ready"] }, set: { status: "failed" }, index: "all" },
      events: [newEvent(topic, "refused"), { ...newEvent("other", "refused"), last: true }],
      retainMs: 0,
    });
    expect(refused).toEqual({ accepted: false, state: present });
    expect(await inspect(store, scope)).toEqual(before);
    expect(await retained(store, { scope, topic: "other" })).toEqual([]);
    await accept(store, { scope, events: [newEvent(topic, "accepted")] });
    await listener.until("accepted");
    expect(listener.entries.map(({ type }) => type)).toEqual(["accepted"]);
  });

  test("lets exactly one of fifty racing commits through, and shows the others what it did", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    await accept(store, { scope, state: { key: "k", set: { revision: "1" } }, events: [] });
    const racing = countTo(50).map(async (racer) => {
      const set = { revision: "2", winner: `${racer}` };
      const state = { key: "k", expect: { revision: ["1"] }, set };
      return store.commit({ scope, state, events: [newEvent(topic, `${racer}`)] });
    });
    const results = await Promise.all(racing);
    const winner = results.findIndex(({ accepted }) => accepted) + 1;
    const state = { revision: "2", winner: `${winner}` };
    expect(results.filter(({ accepted }) => accepted)).toHaveLength(1);
    expect(results.filter(({ accepted }) => !accepted)).toEqual(
      Array.from({ length: 49 }, () => ({ accepted: false, state })),
    );
    expect(await store.readState({ scope, key: "k" })).toEqual(state);
    expect((await retained(store, { scope, topic })).map(({ type }) => type)).toEqual([`${winner}`]);
  });

  test("lets every one of fifty counters that try again through exactly once", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const counters = countTo(50).map(async (counter) => {
      for (let count = ""; ;) {
        const state = { key: "k", expect: { count: [count] }, set: { count: `${Number(count) + 1}` } };
        const committed = await store.commit({ scope, state, events: [newEvent(topic, `${counter}`)] });
        if (committed.accepted) return;
        count = committed.state?.count ?? "";
      }
    });
    await Promise.all(counters);
    expect(await store.readState({ scope, key: "k" })).toEqual({ count: "50" });
    const types = (await retained(store, { scope, topic })).map(({ type }) => Number(type));
    expect(types.toSorted((a, b) => a - b)).toEqual(countTo(50));
  });
}

/** All that the refused commit above could have changed. */
async function inspect(store: Store, scope: string) {
  return {
    state: await store.readState({ scope, key: "k" }),
    head: await store.head({ scope, topic: "topic" }),
    log: await retained(store, { scope, topic: "topic" }),
    index: await store.listStates({ scope, index: "all", order: "ascending", limit: 10 }),
  };
}
