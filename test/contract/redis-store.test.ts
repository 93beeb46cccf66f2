import type { Cursor } from "@jobwire/shared";
import { Redis } from "ioredis";
import { afterAll, expect, test } from "vitest";
import { redisKeys } from "../support/redis-keys.js";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import type { Store, TopicKey } from "../../server/src/store/store.js";
import { startRedis } from "../support/redis-server.js";
import {
  RecordingListener,
  accept,
  append,
  countTo,
  eventsOf,
  newEvent,
  newEvents,
  newScope,
  newTopic,
  offsetsOf,
  retained,
  upTo,
} from "./store-fixtures.js";

/** What only an adapter can promise whose data outlive the process. */

const redis = await startRedis();
afterAll(() => redis[Symbol.asyncDispose]());

const open = (maxEvents = 1000) => openRedisStore({ url: redis.url, maxEvents, onReachable: () => {} });

test("another process sees the states and logs of this one, under the same epoch", async () => {
  await using first = await open();
  await using second = await open();
  const { scope, topic } = newTopic();
  const [cursor] = await accept(first, {
    scope,
    state: { key: "k", set: { a: "1" }, index: "all" },
    events: newEvents(topic, 1),
  });
  expect(await second.readState({ scope, key: "k" })).toEqual({ a: "1" });
  expect(await second.listStates({ scope, index: "all", order: "ascending", limit: 10 })).toEqual({
    items: [{ key: "k", state: { a: "1" } }],
    next: null,
    gone: [],
    isLost: false,
  });
  expect(await second.head({ scope, topic })).toEqual({ cursor, closed: false });
  expect(await second.replay({ scope, topic }, null, upTo(10))).toEqual(
    await first.replay({ scope, topic }, null, upTo(10)),
  );
});

test("another process hears the commits of this one", async () => {
  await using first = await open();
  await using second = await open();
  const { scope, topic } = newTopic();
  const [own, far] = [new RecordingListener(), new RecordingListener()];
  await using _own = await first.listen({ scope, topic }, own);
  await using _far = await second.listen({ scope, topic }, far);
  await accept(first, { scope, events: newEvents(topic, 3) });
  await Promise.all([own.until("e3"), far.until("e3")]);
  expect(far.messages).toEqual(own.messages);
  expect(far.entries).toEqual(await retained(first, { scope, topic }));
});

test("two processes that write one topic at once leave one log without holes, told to both in its order", async () => {
  await using first = await open();
  await using second = await open();
  const { scope, topic } = newTopic();
  const [one, other] = [new RecordingListener(), new RecordingListener()];
  await using _one = await first.listen({ scope, topic }, one);
  await using _other = await second.listen({ scope, topic }, other);
  const write = (store: typeof first, name: string) =>
    Promise.all(
      countTo(100).map((number) =>
        accept(store, {
          scope,
          events: [newEvent(topic, `${name}${number}`), newEvent(topic, `${name}${number}'`)],
        }),
      ),
    );
  const written: Cursor[] = (await Promise.all([write(first, "a"), write(second, "b")])).flat(2);
  expect(offsetsOf(written).toSorted((a, b) => a - b)).toEqual(countTo(400));
  expect(new Set(written.map(({ epoch }) => epoch)).size).toBe(1);
  await accept(first, { scope, events: [newEvent(topic, "end")] });
  await Promise.all([one.until("end"), other.until("end")]);
  const log = await retained(first, { scope, topic });
  expect(offsetsOf(log)).toEqual(countTo(401));
  expect(one.entries).toEqual(log);
  expect(other.entries).toEqual(log);
});

test("of two processes that race for one guard exactly one wins", async () => {
  await using first = await open();
  await using second = await open();
  const scope = newScope();
  const race = (winner: string) => {
    const store = winner === "first" ? first : second;
    return store.commit({ scope, state: { key: "k", expect: "absent", set: { winner } }, events: [] });
  };
  const results = await Promise.all(countTo(20).flatMap(() => [race("first"), race("second")]));
  expect(results.filter(({ accepted }) => accepted)).toHaveLength(1);
});

test("a log survives the process that wrote it", async () => {
  const topic = newTopic();
  const written = await (async () => {
    await using store = await open();
    return await append(store, topic, 3);
  })();
  await using store = await open();
  expect((await store.head(topic)).cursor).toEqual(written[2]);
  const [next] = await append(store, topic, 1);
  expect(next).toEqual({ epoch: written[0]?.epoch, offset: 4 });
});

test("a smaller retention in a newer process trims what an older one has kept, exactly", async () => {
  await using older = await open(100);
  await using newer = await open(5);
  const topic = newTopic();
  const { epoch = "" } = (await append(older, topic, 20))[0] ?? {};
  await append(newer, topic, 1);
  expect(await older.replay(topic, { epoch, offset: 3 }, upTo(10))).toEqual({
    kind: "gap",
    reason: "trimmed",
    resumeAfter: { epoch, offset: 16 },
  });
  expect(offsetsOf(await retained(older, topic))).toEqual(countTo(21, 17));
});

test("a server that has forgotten the script is told it again", async () => {
  await using store = await open();
  await using admin = connectAdmin();
  const topic = newTopic();
  await append(store, topic, 1);
  await admin.redis.script("FLUSH");
  const cursors = await Promise.all([
    append(store, topic, 1),
    append(store, topic, 1),
    append(store, topic, 1),
  ]);
  expect(offsetsOf(cursors.flat()).toSorted((a, b) => a - b)).toEqual([2, 3, 4]);
});

test("a topic whose head was evicted is another log: nothing of the old one is mixed into it", async () => {
  await using store = await open();
  await using admin = connectAdmin();
  const { scope, topic } = newTopic();
  const [old] = await append(store, { scope, topic }, 3);
  await admin.redis.del(redisKeys.head({ scope, topic }));
  const { cursor } = await store.head({ scope, topic });
  expect(cursor.offset).toBe(0);
  expect(cursor.epoch).not.toBe(old?.epoch);
  expect(eventsOf(await store.replay({ scope, topic }, null, upTo(10))).entries).toEqual([]);
  const state = { key: "k", set: { a: "1" } };
  const cursors = await accept(store, { scope, state, events: [newEvent(topic, "anew")] });
  expect(cursors).toEqual([{ epoch: cursor.epoch, offset: 1 }]);
  expect((await retained(store, { scope, topic })).map(({ type }) => type)).toEqual(["anew"]);
});

test("a disposed store leaves no connection", async () => {
  await using admin = connectAdmin();
  const before = await connections(admin.redis);
  {
    await using store = await open();
    await using _listening = await store.listen(newTopic(), new RecordingListener());
    expect(await connections(admin.redis)).toBe(before + 2);
  }
  await expect.poll(() => connections(admin.redis), { interval: 5 }).toBe(before);
});

test("the last listener of a topic that goes away ends the subscription", async () => {
  await using store = await open();
  await using admin = connectAdmin();
  const { scope, topic } = newTopic();
  const channels = () => admin.redis.pubsub("CHANNELS", redisKeys.channel({ scope, topic }));
  const first = await store.listen({ scope, topic }, new RecordingListener());
  const second = await store.listen({ scope, topic }, new RecordingListener());
  expect(await channels()).toHaveLength(1);
  await first[Symbol.asyncDispose]();
  expect(await channels()).toHaveLength(1);
  await second[Symbol.asyncDispose]();
  expect(await channels()).toEqual([]);
});

function connectAdmin(): AsyncDisposable & { readonly redis: Redis } {
  const connection = new Redis(redis.url);
  return {
    redis: connection,
    async [Symbol.asyncDispose]() {
      await connection.quit();
    },
  };
}

async function connections(admin: Redis): Promise<number> {
  const list = String(await admin.client("LIST"));
  return list.trim().split("\n").length;
}

test.each<[string, (store: Store, topic: TopicKey) => Promise<unknown>]>([
  ["that nobody has looked at", async () => {}],
  ["that somebody has looked at", (store, topic) => store.head(topic)],
  ["that has events", (store, topic) => append(store, topic, 1)],
])("a Redis whose memory is full takes no event for a log %s", async (_what, prepare) => {
  await using store = await open();
  const { scope, topic } = newTopic();
  await prepare(store, { scope, topic });
  const before = await retained(store, { scope, topic });
  const admin = new Redis(redis.url);
  try {
    await admin.config("SET", "maxmemory", "1");
    const commit = store.commit({ scope, events: [newEvent(topic, "too much")] });
    await expect(commit).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
  } finally {
    await admin.config("SET", "maxmemory", "0");
    admin.disconnect();
  }
  expect(await retained(store, { scope, topic })).toEqual(before);
  await accept(store, { scope, events: [newEvent(topic, "enough")] });
});
