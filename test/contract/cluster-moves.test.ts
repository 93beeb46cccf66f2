import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import { openMemoryStore } from "../../server/src/store/memory-store.js";
import type { Commit, Store, TopicKey } from "../../server/src/store/store.js";
import { hasRedisServer } from "../faults/support/redis-process.js";
import { asMinimalUser } from "../support/minimal-user.js";
import { RedisCluster } from "../support/redis-cluster.js";
import { redisKeys } from "../support/redis-keys.js";
import { createUsers, mastersOf, slotOfTopic } from "./cluster-fixtures.js";
import {
  RecordingListener,
  accept,
  append,
  countTo,
  eventually,
  newEvent,
  newTopic,
  offsetsOf,
  retained,
} from "./store-fixtures.js";

/** Slots that move between the masters of a Cluster while a store uses them. */

const hasRedis = hasRedisServer();

describe.skipIf(!hasRedis)(`in a Cluster${hasRedis ? "" : " (there is no redis-server)"}`, () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await RedisCluster.start();
    await createUsers(cluster);
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  const open = (onReachable: (reachable: boolean) => void = () => {}) =>
    openRedisStore({ url: asMinimalUser(cluster.url), maxEvents: 100_000, onReachable });

  test("a listener follows its slot back and forth: it is told to look, then hears what comes, and that is no outage", async () => {
    const states: boolean[] = [];
    await using store = await open((reachable) => states.push(reachable));
    const topic = newTopic();
    const listener = new RecordingListener();
    await using _listening = await store.listen(topic, listener);
    const [owner, other] = await mastersOf(cluster, topic);
    for (const to of [other, owner, other, owner]) {
      const { restorations } = listener;
      await cluster.moveSlot(slotOfTopic(topic), to);
      await eventually(() => expect(listener.restorations).toBeGreaterThan(restorations));
      await hearsAgain(store, topic, listener);
    }
    expect(states).toEqual([true]);
  });

  test("a slot that leaves and comes back at once takes no subscription away for good", async () => {
    await using store = await open();
    const topic = newTopic();
    const listener = new RecordingListener();
    await using _listening = await store.listen(topic, listener);
    const [owner, other] = await mastersOf(cluster, topic);
    for (let round = 1; round <= 5; round++) {
      const { restorations } = listener;
      await cluster.moveSlot(slotOfTopic(topic), other);
      await cluster.moveSlot(slotOfTopic(topic), owner);
      await eventually(() => expect(listener.restorations).toBeGreaterThan(restorations));
      await hearsAgain(store, topic, listener);
    }
  });

  test("who listens to other slots is not told of a move", async () => {
    await using store = await open();
    const [moving, staying] = [newTopic(), newTopic()];
    const [moved, stayed] = [new RecordingListener(), new RecordingListener()];
    await using _moved = await store.listen(moving, moved);
    await using _stayed = await store.listen(staying, stayed);
    const [owner, other] = await mastersOf(cluster, moving);
    const slot = slotOfTopic(moving);
    await cluster.moveSlot(slot, other);
    await eventually(() => expect(moved.restorations).toBeGreaterThan(0));
    await cluster.moveSlot(slot, owner);
    await eventually(() => expect(moved.restorations).toBeGreaterThan(1));
    expect(stayed.restorations).toBe(0);
  });

  test("while a slot is on its way its listeners are told to look into the log, again and again", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const slot = slotOfTopic({ scope, topic });
    const listener = new RecordingListener();
    await append(store, { scope, topic }, 1);
    await using _listening = await store.listen({ scope, topic }, listener);
    const [owner, other] = await mastersOf(cluster, { scope, topic });
    await cluster.beginMove(slot, owner, other);
    await cluster.moveKeys(slot, owner, other);
    // Published where nobody listens yet.
    await accept(store, { scope, events: [newEvent(topic, "on the way")] });
    const before = listener.restorations;
    await eventually(() => expect(listener.restorations).toBeGreaterThan(before + 1));
    expect((await retained(store, { scope, topic })).at(-1)?.type).toBe("on the way");
    await cluster.endMove(slot, owner, other);
    await eventually(() => accept(store, { scope, events: [newEvent(topic, "arrived")] }));
    await eventually(async () =>
      expect((await retained(store, { scope, topic })).at(-1)?.type).toBe("arrived"),
    );
    await cluster.moveSlot(slot, owner);
  });

  test.each<[string, (topic: string) => Omit<Commit, "scope">]>([
    [
      "leaves its index, the due times and the counts empty",
      (topic) => ({
        state: { key: "k", set: { a: "2" }, unlist: ["one"], due: null, listedText: "text", stamp: "at" },
        events: [newEvent(topic, "moved")],
      }),
    ],
    [
      "changes the text of the only state that is listed",
      (topic) => ({
        state: { key: "k", set: { a: "2", text: "b" }, index: "one", listedText: "text", stamp: "at" },
        events: [newEvent(topic, "moved")],
      }),
    ],
    [
      "removes the state and its log",
      (topic) => ({
        state: {
          key: "k",
          set: {},
          unlist: ["one"],
          due: null,
          listedText: "text",
          remove: true,
          stamp: "at",
        },
        events: [{ ...newEvent(topic, "moved"), last: true }],
        retainMs: 0,
        closedTopics: [topic],
      }),
    ],
    [
      "ends a state at once",
      (topic) => ({
        state: { key: "k", set: { a: "2" }, index: "one", due: null, listedText: "text" },
        events: [{ ...newEvent(topic, "moved"), last: true }],
        retainMs: 0,
      }),
    ],
  ])("a commit that %s is whole while its slot is on its way", async (_what, change) => {
    await using store = await open();
    await using memory = openMemoryStore({ maxEvents: 100_000 });
    const { scope, topic } = newTopic();
    const slot = slotOfTopic({ scope, topic });
    const before = { key: "k", set: { a: "1", text: "a" }, index: "one", listedText: "text", due: 1e15 };
    for (const each of [store, memory])
      await accept(each, { scope, state: before, events: [newEvent(topic, "first")] });
    const [owner, other] = await mastersOf(cluster, { scope, topic });
    await cluster.beginMove(slot, owner, other);
    for (const each of [store, memory]) await accept(each, { scope, ...change(topic) });
    await cluster.moveKeys(slot, owner, other);
    await cluster.endMove(slot, owner, other);
    const listed = { scope, index: "one", order: "ascending", limit: 10 } as const;
    const seen = async (each: Store) => ({
      state: Object.keys((await each.readState({ scope, key: "k" })) ?? {}),
      listed: (await each.listStates(listed)).items.map(({ key }) => key),
      counts: await each.countStates(scope),
      isLost: (await each.listStates(listed)).isLost || (await each.listDue({ scope, limit: 1 })).isLost,
      log: (await retained(each, { scope, topic })).map(({ type }) => type),
    });
    const expected = await seen(memory);
    await eventually(async () => expect(await seen(store)).toEqual(expected));
    await eventually(() => cluster.moveSlot(slot, owner));
  });

  test("a list loses nothing whose state is not yet where its index is", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const slot = slotOfTopic({ scope, topic });
    const keys = ["a", "b", "c"];
    for (const key of keys)
      await accept(store, { scope, state: { key, set: { n: key }, index: "one" }, events: [] });
    const query = { scope, index: "one", order: "ascending", limit: 10 } as const;
    const [owner, other] = await mastersOf(cluster, { scope, topic });
    await cluster.beginMove(slot, owner, other);
    await cluster.moveKeys(slot, owner, other, [redisKeys.index(scope, "one"), redisKeys.counts(scope)]);
    await expect(store.listStates(query)).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    await cluster.moveKeys(slot, owner, other);
    await cluster.endMove(slot, owner, other);
    await eventually(async () => {
      const page = await store.listStates(query);
      expect(page.items.map(({ key }) => key)).toEqual(keys);
      expect(page).toMatchObject({ gone: [], isLost: false });
    });
    await cluster.moveSlot(slot, owner);
  });

  test("a commit is made once, whatever its slot does meanwhile", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    const slot = slotOfTopic({ scope, topic });
    await append(store, { scope, topic }, 1);
    const [owner, other] = await mastersOf(cluster, { scope, topic });
    let isMoving = true;
    const commits = (async () => {
      const accepted: string[] = [];
      for (let number = 1; isMoving; number++) {
        const type = `c${number}`;
        const outcome = await store.commit({ scope, events: [newEvent(topic, type)] }).catch(() => null);
        if (outcome?.accepted) accepted.push(type);
      }
      return accepted;
    })();
    for (const to of [other, owner, other, owner]) await cluster.moveSlot(slot, to);
    isMoving = false;
    const accepted = await commits;
    const log = await retained(store, { scope, topic });
    expect(offsetsOf(log)).toEqual(countTo(log.length));
    const types = log.map(({ type }) => type);
    expect(new Set(types).size).toBe(types.length);
    expect(accepted.filter((type) => !types.includes(type))).toEqual([]);
    expect(accepted.length).toBeGreaterThan(0);
  });
});

/** Resolves when the listener has heard a commit that was made after this was called. */
async function hearsAgain(
  store: Store,
  { scope, topic }: TopicKey,
  listener: RecordingListener,
): Promise<void> {
  const { length } = listener.entries;
  await eventually(async () => {
    await accept(store, { scope, events: [newEvent(topic, "again")] });
    expect(listener.entries.length).toBeGreaterThan(length);
  });
}
