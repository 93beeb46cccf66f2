import { Redis } from "ioredis";
import { afterAll, expect, test } from "vitest";
import { refusedByAcl } from "../support/minimal-user.js";
import { RedisCommands } from "../support/redis-commands.js";
import { redisKeys } from "../support/redis-keys.js";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import type { NewEvent, Store } from "../../server/src/store/store.js";
import { startRedis } from "../support/redis-server.js";
import {
  RecordingListener,
  accept,
  countTo,
  eventually,
  newEvent,
  newEvents,
  newTopic,
  upTo,
} from "./store-fixtures.js";

/** What the store costs Redis when nothing fails. */

const redis = await startRedis();
afterAll(() => redis[Symbol.asyncDispose]());
const open = () => openRedisStore({ url: redis.url, maxEvents: 1000, onReachable: () => {} });

/** The embedded Valkey cannot be asked for rights. */
const isEmbedded = redis.kind !== "redis-server";

const topic = newTopic();
const calls: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  "a commit with a guard, a state in an index, events of two topics and an idempotency key": (store) =>
    accept(store, {
      scope: topic.scope,
      state: { key: "k", expect: { a: ["", "1"] }, set: { a: "1" }, index: "all" },
      events: [...newEvents(topic.topic, 5), ...newEvents("another", 5)],
      idempotencyKey: String(performance.now()),
    }),
  "a commit that closes a topic": (store) =>
    accept(store, {
      scope: topic.scope,
      events: [{ ...newEvent("closed", "end"), last: true }],
      retainMs: 10_000,
    }),
  "a commit that is refused": (store) =>
    store.commit({ ...topic, state: { key: "k", expect: { a: ["2"] }, set: {} }, events: [] }),
  "reading a state": (store) => store.readState({ scope: topic.scope, key: "k" }),
  "a replay": (store) => store.replay(topic, null, upTo(100)),
  "the head of a topic": (store) => store.head(topic),
  "the head of a topic that is new": (store) => store.head(newTopic()),
};

test.each(Object.entries(calls))("%s is one command", async (_, call) => {
  await using store = await open();
  await using counter = await RedisCommands.watch(redis.url);
  expect(await counter.during(() => call(store))).toHaveLength(1);
});

test("a commit publishes one message for each topic, which each process receives once, however many listen", async () => {
  await using first = await open();
  await using second = await open();
  const { scope } = topic;
  const listeners = countTo(20).map(() => new RecordingListener());
  for (const listener of listeners)
    for (const store of [first, second]) await store.listen({ scope, topic: "watched" }, listener);
  await using counter = await RedisCommands.watch(redis.url);
  await accept(first, { scope, events: [...newEvents("watched", 3), ...newEvents("unwatched", 3)] });
  await eventually(() => expect(listeners.every(({ messages }) => messages.length === 2)).toBe(true));
  await counter.flushed();
  expect(counter.published).toEqual(
    ["watched", "unwatched"].map((name) => redisKeys.channel({ scope, topic: name })),
  );
  const admin = new Redis(redis.url);
  expect(await admin.pubsub("NUMSUB", redisKeys.channel({ scope, topic: "watched" }))).toEqual([
    redisKeys.channel({ scope, topic: "watched" }),
    2,
  ]);
  admin.disconnect();
});

test.skipIf(isEmbedded)(
  "a new log, and one that was closed, takes what its events need, not what they may come to",
  async () => {
    await using store = await open();
    const admin = new Redis(redis.url);
    const fresh = newTopic();
    const append = async (event: Partial<NewEvent>) => {
      const events = [{ topic: fresh.topic, type: "said", body: "x".repeat(300), ...event }];
      await accept(store, { scope: fresh.scope, events });
      return admin.memory("USAGE", redisKeys.log(fresh));
    };
    expect(await append({})).toBeLessThan(2048);
    let bytes: number | null = 0;
    for (let event = 0; event < 12; event++) bytes = await append({});
    expect(bytes).toBeGreaterThan(8192);
    expect(await append({ last: true, idleMs: 60_000 })).toBeLessThan(7168);
    expect(await admin.pttl(redisKeys.log(fresh))).toBeGreaterThan(50_000);
    admin.disconnect();
  },
);

test.skipIf(isEmbedded)(
  "who may not write a log back commits all the same, and nothing is refused",
  async () => {
    const admin = new Redis(redis.url);
    await admin.call("ACL", "SETUSER", "lean", "on", ">a-password", "~*", "&*", "+@all", "-dump", "-restore");
    await using store = await openRedisStore({
      url: redis.url.replace("://", "://lean:a-password@"),
      maxEvents: 1000,
      onReachable: () => {},
    });
    const fresh = newTopic();
    await accept(store, { scope: fresh.scope, events: newEvents(fresh.topic, 1) });
    expect((await store.head(fresh)).cursor.offset).toBe(1);
    expect(await refusedByAcl(admin)).toEqual([]);
    admin.disconnect();
  },
);
