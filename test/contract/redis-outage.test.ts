import { AppError } from "../../server/src/app-error.js";
import { redisKeys } from "../support/redis-keys.js";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import type { Store } from "../../server/src/store/store.js";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { freePort, startRedis } from "../support/redis-server.js";
import {
  RecordingListener,
  accept,
  append,
  countTo,
  eventually,
  newEvent,
  newScope,
  newTopic,
  upTo,
} from "./store-fixtures.js";

/** "Redis away" is an error within this time, not a queue. */
const failsWithinMs = 2000;

test("while Redis is away every call is refused, STORE_UNAVAILABLE, at once", async () => {
  await using redis = await startRedis();
  await using store = await open(redis.url);
  await using _listening = await store.listen(newTopic(), new RecordingListener());
  expect(store.isReachable).toBe(true);
  await redis.kill();
  await eventually(() => expect(store.isReachable).toBe(false));
  for (const [name, call] of Object.entries(callsOf(store))) {
    const { reason, afterMs } = await refusal(call);
    expect({ name, reason, inTime: afterMs < failsWithinMs }).toEqual({
      name,
      reason: "STORE_UNAVAILABLE",
      inTime: true,
    });
  }
});

test("calls under way when Redis dies are refused, STORE_UNAVAILABLE, within 2 s", async () => {
  await using redis = await startRedis();
  await using store = await open(redis.url);
  const scope = newScope();
  const refusals = countTo(50).map((number) =>
    refusal(() => store.commit({ scope, events: [newEvent("t", `${number}`)] })).catch(
      () => "answered" as const,
    ),
  );
  await redis.kill();
  for (const outcome of await Promise.all(refusals)) {
    if (outcome === "answered") continue;
    expect(outcome.reason).toBe("STORE_UNAVAILABLE");
    expect(outcome.afterMs).toBeLessThan(failsWithinMs);
  }
});

test("while Redis hangs every call is refused, STORE_UNAVAILABLE, within 2 s, and works again afterwards", async () => {
  await using redis = await startRedis();
  await using store = await open(redis.url);
  const listener = new RecordingListener();
  const { scope, topic } = newTopic();
  await using _listening = await store.listen({ scope, topic }, listener);
  const admin = new Redis(redis.url);
  await admin.client("PAUSE", 3000, "ALL");
  const calls = Object.entries(callsOf(store));
  const refusals = await Promise.all(calls.map(async ([name, call]) => ({ name, ...(await refusal(call)) })));
  expect(
    refusals.map(({ name, reason, afterMs }) => ({ name, reason, inTime: afterMs < failsWithinMs })),
  ).toEqual(calls.map(([name]) => ({ name, reason: "STORE_UNAVAILABLE", inTime: true })));
  await eventually(() => store.ping());
  await accept(store, { scope, events: [newEvent(topic, "again")] });
  await listener.until("again");
  admin.disconnect();
});

test("when Redis is back every listener is told, once its messages flow again", async () => {
  await using redis = await startRedis();
  await using store = await open(redis.url);
  // More topics than are subscribed to at once.
  const topics = countTo(600).map(() => newTopic());
  const listeners = topics.map(() => new RecordingListener());
  for (const [index, listener] of listeners.entries()) await store.listen(topicAt(topics, index), listener);
  const [second, left] = [new RecordingListener(), new RecordingListener()];
  await using _second = await store.listen(topicAt(topics, 0), second);
  const leaving = await store.listen(topicAt(topics, 1), left);
  const leavingLater = await store.listen(topicAt(topics, 2), left);
  await leaving[Symbol.asyncDispose]();
  await redis.kill();
  await refusal(() => store.ping());
  await leavingLater[Symbol.asyncDispose]();
  await redis.restart();
  const all = [...listeners, second];
  await eventually(() => expect(all.every(({ restorations }) => restorations > 0)).toBe(true));
  expect(all.map(({ restorations }) => restorations)).toEqual(all.map(() => 1));
  await eventually(() => store.ping());
  for (const topic of topics)
    await accept(store, { scope: topic.scope, events: [newEvent(topic.topic, "again")] });
  await Promise.all(all.map((listener) => listener.until("again")));
  expect(left.restorations).toBe(0);
  expect(left.messages).toEqual([]);
});

test("a listener is told no sooner than its subscription holds", async () => {
  await using redis = await startRedis();
  await using store = await open(redis.url);
  const topic = newTopic();
  const admin = new Redis(redis.url);
  const subscriptions: Promise<unknown>[] = [];
  const listener = new (class extends RecordingListener {
    override onRestored(): void {
      super.onRestored();
      subscriptions.push(admin.pubsub("NUMSUB", redisKeys.channel(topic)));
    }
  })();
  await using _listening = await store.listen(topic, listener);
  await admin.call("CLIENT", "KILL", "TYPE", "pubsub");
  await eventually(() => expect(listener.restorations).toBe(1));
  expect(await Promise.all(subscriptions)).toEqual([[redisKeys.channel(topic), 1]]);
  admin.disconnect();
});

test("a Redis that comes back empty has other logs: cursors of the old ones are log-lost", async () => {
  await using redis = await startRedis();
  await using store = await open(redis.url);
  const topic = newTopic();
  const cursors = await append(store, topic, 3);
  await redis.kill();
  await redis.restart();
  await eventually(() => store.ping());
  const [cursor] = await append(store, topic, 1);
  expect(cursor?.offset).toBe(1);
  expect(cursor?.epoch).not.toBe(cursors[0]?.epoch);
  expect(await store.replay(topic, cursors[2] ?? null, upTo(10))).toEqual({
    kind: "gap",
    reason: "log-lost",
    resumeAfter: { epoch: cursor?.epoch, offset: 0 },
  });
});

test("a listener is also told after its connection alone was broken", async () => {
  await using redis = await startRedis();
  await using store = await open(redis.url);
  const { scope, topic } = newTopic();
  const listener = new RecordingListener();
  await using _listening = await store.listen({ scope, topic }, listener);
  const admin = new Redis(redis.url);
  await admin.call("CLIENT", "KILL", "TYPE", "pubsub");
  await accept(store, { scope, events: [newEvent(topic, "missed or not")] });
  await eventually(() => expect(listener.restorations).toBe(1));
  await accept(store, { scope, events: [newEvent(topic, "after")] });
  await listener.until("after");
  admin.disconnect();
});

test("a listener that could not begin while Redis was away can begin when it is back", async () => {
  await using redis = await startRedis();
  await using store = await open(redis.url);
  const { scope, topic } = newTopic();
  const listener = new RecordingListener();
  await redis.kill();
  for (let attempt = 0; attempt < 3; attempt++) {
    expect(await refusal(() => store.listen({ scope, topic }, listener))).toMatchObject({
      reason: "STORE_UNAVAILABLE",
    });
  }
  await redis.restart();
  await using _listening = await eventually(() => store.listen({ scope, topic }, listener));
  await eventually(() => accept(store, { scope, events: [newEvent(topic, "heard")] }));
  await listener.until("heard");
  expect(listener.messages).toHaveLength(1);
  expect(listener.restorations).toBe(0);
});

test("a store opens while Redis is absent, refuses calls at once, and works when Redis comes", async () => {
  await using redis = await startRedis();
  await redis.kill();
  const openedAt = performance.now();
  await using store = await open(redis.url);
  expect(performance.now() - openedAt).toBeLessThan(failsWithinMs);
  for (const [name, call] of Object.entries(callsOf(store))) {
    const { reason, afterMs } = await refusal(call);
    expect({ name, reason, inTime: afterMs < failsWithinMs }).toEqual({
      name,
      reason: "STORE_UNAVAILABLE",
      inTime: true,
    });
  }
  expect(store.isReachable).toBe(false);
  await redis.restart();
  await eventually(() => expect(store.isReachable).toBe(true));
  expect(await append(store, newTopic(), 1)).toHaveLength(1);
});

test("a store that never found its Redis can be disposed", async () => {
  const url = `redis://127.0.0.1:${await freePort()}`;
  const states: boolean[] = [];
  {
    await using _store = await openRedisStore({
      url,
      maxEvents: 10,
      onReachable: (reachable) => states.push(reachable),
    });
  }
  expect(states).toEqual([false]);
});

test("each change between reachable and not is reported once, with the error", async () => {
  await using redis = await startRedis();
  const reports: { readonly reachable: boolean; readonly error: unknown }[] = [];
  const states = () => reports.map(({ reachable }) => reachable);
  await using store = await openRedisStore({
    url: redis.url,
    maxEvents: 10,
    onReachable: (reachable, error) => reports.push({ reachable, error }),
  });
  expect(states()).toEqual([true]);
  expect(reports[0]?.error).toBeUndefined();
  for (const round of [1, 2]) {
    await redis.kill();
    await eventually(() => expect(states()).toHaveLength(2 * round));
    // Several attempts to connect fail meanwhile and are no news.
    for (let attempt = 0; attempt < 5; attempt++) await refusal(() => store.ping());
    await redis.restart();
    await eventually(() => expect(states()).toHaveLength(2 * round + 1));
  }
  expect(states()).toEqual([true, false, true, false, true]);
});

test("a store that is disposed on purpose is no news", async () => {
  await using redis = await startRedis();
  const states: boolean[] = [];
  const onReachable = (reachable: boolean) => void states.push(reachable);
  const store = await openRedisStore({ url: redis.url, maxEvents: 10, onReachable });
  await store[Symbol.asyncDispose]();
  await eventually(() => expect(store.isReachable).toBe(false));
  await eventually(async () => expect(await clientCount(redis.url)).toBe(1));
  expect(states).toEqual([true]);
});

/** How many connections Redis has, the one that asks included. */
async function clientCount(url: string): Promise<number> {
  const admin = new Redis(url);
  try {
    return String(await admin.client("LIST"))
      .trim()
      .split("\n").length;
  } finally {
    admin.disconnect();
  }
}

function open(url: string): Promise<Store> {
  return openRedisStore({ url, maxEvents: 1000, onReachable: () => {} });
}

function callsOf(store: Store): Readonly<Record<string, () => Promise<unknown>>> {
  const { scope, topic } = newTopic();
  return {
    commit: () =>
      store.commit({ scope, state: { key: "k", set: { a: "1" } }, events: [newEvent(topic, "e")] }),
    readState: () => store.readState({ scope, key: "k" }),
    listStates: () => store.listStates({ scope, index: "all", order: "ascending", limit: 10 }),
    head: () => store.head({ scope, topic }),
    fork: () => store.fork({ scope, topic }, { epoch: "0", offset: 0 }),
    replay: () => store.replay({ scope, topic }, null, upTo(10)),
    listen: () => store.listen({ scope, topic }, new RecordingListener()),
    ping: () => store.ping(),
  };
}

/** The reason a call is refused for, and after how long. Rejects when it is not refused. */
async function refusal(call: () => Promise<unknown>): Promise<{ reason: string; afterMs: number }> {
  const startedAt = performance.now();
  try {
    await call();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { reason: error.reason, afterMs: performance.now() - startedAt };
  }
  throw new Error("The call was answered.");
}

function topicAt<Topic>(topics: readonly Topic[], index: number): Topic {
  const topic = topics[index];
  if (topic === undefined) throw new RangeError(`No topic ${index}.`);
  return topic;
}
