import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { slotOf } from "../../server/src/store/cluster-slots.js";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import type { Store, TopicKey } from "../../server/src/store/store.js";
import { hasRedisServer } from "../faults/support/redis-process.js";
import { asMinimalUser } from "../support/minimal-user.js";
import { RedisCluster } from "../support/redis-cluster.js";
import { createUsers, mastersOf } from "./cluster-fixtures.js";
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
  upTo,
} from "./store-fixtures.js";

/** What only a Cluster can do to a store. Each test leaves three masters behind that answer. */

/** "Redis away" is an error within this time, not a queue. */
const failsWithinMs = 2000;
const hasRedis = hasRedisServer();

describe.skipIf(!hasRedis)(`in a Cluster${hasRedis ? "" : " (there is no redis-server)"}`, () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await RedisCluster.start();
    await createUsers(cluster);
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  const open = (onReachable: (reachable: boolean) => void = () => {}) =>
    openRedisStore({ url: asMinimalUser(cluster.url), maxEvents: 1000, onReachable });

  /** Topics on all masters. */
  function topicsEverywhere(count = 12): TopicKey[] {
    return countTo(count).map(() => newTopic());
  }

  test("the slot of a key is the one Redis says", async () => {
    const keys = ["", "a", "{a}b", "a{b}c{d}", "{}a", "{a", "a}", "{{a}}", "ünï{🧵}", "x".repeat(300)];
    for (const key of keys)
      expect({ key, slot: slotOf(key) }).toEqual({
        key,
        slot: await cluster.nodes[0]?.ask((redis) => redis.cluster("KEYSLOT", key)),
      });
  });

  test("a commit whose connection breaks is refused, and not sent again behind the caller's back", async () => {
    await using store = await open();
    const { scope, topic } = newTopic();
    await append(store, { scope, topic }, 1);
    const [owner] = await mastersOf(cluster, { scope, topic });
    await owner.ask(async (redis) => {
      await redis.client("PAUSE", 60_000, "WRITE");
      const outcome = store
        .commit({ scope, events: [newEvent(topic, "in doubt")] })
        .catch((error: unknown) => error);
      await eventually(async () => expect(await redis.info("clients")).toContain("blocked_clients:1"));
      await redis.call("CLIENT", "KILL", "TYPE", "normal");
      await redis.client("UNPAUSE");
      expect(await outcome).toMatchObject({ reason: "STORE_UNAVAILABLE" });
    });
    await eventually(() => accept(store, { scope, events: [newEvent(topic, "after")] }));
    expect((await retained(store, { scope, topic })).map(({ type }) => type)).toEqual(["e1", "after"]);
  });

  test("a node that has forgotten the scripts is told them again", async () => {
    await using store = await open();
    const topics = topicsEverywhere();
    for (const topic of topics) await append(store, topic, 1);
    for (const node of cluster.nodes) await node.ask((redis) => redis.script("FLUSH"));
    for (const topic of topics) expect(offsetsOf(await append(store, topic, 1))).toEqual([2]);
  });

  test("a process has at most one subscriber connection to each master, and none after it is disposed", async () => {
    const before = await subscribers();
    {
      await using store = await open();
      for (const topic of topicsEverywhere(50)) await store.listen(topic, new RecordingListener());
      expect(await subscribers()).toEqual(before.map((count) => count + 1));
    }
    await eventually(async () => expect(await subscribers()).toEqual(before));
  });

  test("when one master loses its data while all connections stand, listeners are told", async () => {
    await using store = await open();
    const topics = topicsEverywhere();
    const listeners = topics.map(() => new RecordingListener());
    for (const [index, listener] of listeners.entries()) await store.listen(topicAt(topics, index), listener);
    const [owner] = await mastersOf(cluster, topicAt(topics, 0));
    await owner.ask((redis) => redis.flushall());
    await eventually(() => expect(listeners[0]?.restorations).toBeGreaterThan(0));
  });

  test("while a master is dead the store is not reachable; calls to it are refused in time, and all is well when it is back", async () => {
    const states: boolean[] = [];
    await using store = await open((reachable) => states.push(reachable));
    const topics = topicsEverywhere();
    const listeners = topics.map(() => new RecordingListener());
    for (const [index, listener] of listeners.entries()) await store.listen(topicAt(topics, index), listener);
    const lost = topicAt(topics, 0);
    const [owner] = await mastersOf(cluster, lost);
    await owner.kill();
    await eventually(() => expect(store.isReachable).toBe(false));
    await expectRefusals(store, lost);
    await owner.start();
    await createUsers(cluster);
    await eventually(() => expect(store.isReachable).toBe(true));
    await eventually(() => expect(listeners[0]?.restorations).toBeGreaterThan(0));
    for (const { scope, topic } of topics)
      await eventually(() => accept(store, { scope, events: [newEvent(topic, "again")] }));
    await Promise.all(listeners.map((listener) => listener.until("again")));
    // A Cluster that comes back may go down once more before its nodes agree; each change is told once.
    expect(states).toEqual(states.map((_, index) => index % 2 === 0));
    expect([states.length >= 3, states.at(-1)]).toEqual([true, true]);
  });

  test("while a master hangs the store is not reachable; calls to it are refused in time, and all is well when it goes on", async () => {
    await using store = await open();
    const topic = newTopic();
    const listener = new RecordingListener();
    await using _listening = await store.listen(topic, listener);
    const [owner] = await mastersOf(cluster, topic);
    owner.freeze();
    try {
      await expectRefusals(store, topic);
      await eventually(() => expect(store.isReachable).toBe(false));
    } finally {
      owner.thaw();
    }
    await eventually(() => expect(store.isReachable).toBe(true), 20_000);
    await eventually(() => accept(store, { scope: topic.scope, events: [newEvent(topic.topic, "again")] }));
    await listener.until("again");
  });

  test("a store opens while the Cluster is absent and works when it comes", async () => {
    for (const node of cluster.nodes) await node.kill();
    await using store = await open();
    expect(store.isReachable).toBe(false);
    await expectRefusals(store, newTopic());
    for (const node of cluster.nodes) await node.start();
    await createUsers(cluster);
    await eventually(() => expect(store.isReachable).toBe(true), 20_000);
    expect(await append(store, newTopic(), 1)).toHaveLength(1);
  });

  /** How many connections of each node are subscribed to shard channels. */
  function subscribers(): Promise<number[]> {
    return Promise.all(
      cluster.nodes.map((node) =>
        node.ask(async (redis) => {
          const list = String(await redis.client("LIST"));
          return list.split("\n").filter((line) => / ssub=[1-9]/.test(line)).length;
        }),
      ),
    );
  }
});

async function expectRefusals(store: Store, topic: TopicKey): Promise<void> {
  const { scope } = topic;
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    commit: () => store.commit({ scope, events: [newEvent(topic.topic, "refused")] }),
    readState: () => store.readState({ scope, key: "k" }),
    listStates: () => store.listStates({ scope, index: "all", order: "ascending", limit: 10 }),
    head: () => store.head(topic),
    replay: () => store.replay(topic, null, upTo(10)),
    listen: () => store.listen({ scope, topic: "another" }, new RecordingListener()),
    ping: () => store.ping(),
  };
  for (const [name, call] of Object.entries(calls)) {
    const startedAt = performance.now();
    const reason = await call().then(
      () => "answered",
      (error: unknown) => (error instanceof Error && "reason" in error ? error.reason : error),
    );
    const inTime = performance.now() - startedAt < failsWithinMs;
    expect({ name, reason, inTime }).toEqual({ name, reason: "STORE_UNAVAILABLE", inTime: true });
  }
}

function topicAt(topics: readonly TopicKey[], index: number): TopicKey {
  const topic = topics[index];
  if (!topic) throw new RangeError(`No topic ${index}.`);
  return topic;
}
