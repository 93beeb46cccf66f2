import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { redisKeys } from "../support/redis-keys.js";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import { FaultProxy } from "../faults/support/fault-proxy.js";
import { startRedis } from "../support/redis-server.js";
import {
  RecordingListener,
  accept,
  append,
  eventually,
  newEvent,
  newTopic,
  retained,
} from "./store-fixtures.js";

/** What listeners hear around a lost connection, with a proxy between the store and Redis. */

test("after a lost connection a listener hears nothing before it is told that something may be missing", async () => {
  await using scene = await open();
  const { store, direct, proxy, admin } = scene;
  const { scope, topic } = newTopic();
  const heard: string[] = [];
  await using _listening = await store.listen(
    { scope, topic },
    {
      onMessage: ({ entries }) => void heard.push(...entries.map(({ type }) => type)),
      onRestored: () => void heard.push("restored"),
    },
  );
  proxy.muteAnswersFrom((request) => request.includes("subscribe"));
  await admin.call("CLIENT", "KILL", "TYPE", "pubsub");
  const channel = redisKeys.channel({ scope, topic });
  await eventually(async () => expect(await admin.pubsub("NUMSUB", channel)).toEqual([channel, 1]));
  // The answer to SUBSCRIBE is still on the way, and this message comes right behind it.
  await accept(direct, { scope, events: [newEvent(topic, "right behind")] });
  await admin.ping();
  proxy.heal();
  await eventually(() => expect(heard).toContain("restored"));
  await accept(direct, { scope, events: [newEvent(topic, "later")] });
  await eventually(() => expect(heard).toContain("later"));
  expect(heard[0]).toBe("restored");
});

test("who begins to listen to a topic of others while Redis is away is refused, and the others are not harmed", async () => {
  await using scene = await open();
  const { store, direct, proxy } = scene;
  const { scope, topic } = newTopic();
  const listener = new RecordingListener();
  await using _listening = await store.listen({ scope, topic }, listener);
  proxy.mute();
  proxy.cut();
  await eventually(() => expect(store.isReachable).toBe(false));
  const late = new RecordingListener();
  await expect(store.listen({ scope, topic }, late)).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
  proxy.heal();
  await eventually(() => expect(listener.restorations).toBe(1));
  await accept(direct, { scope, events: [newEvent(topic, "again")] });
  await listener.until("again");
  expect(late.restorations).toBe(0);
  expect(late.messages).toEqual([]);
});

test("connections whose peer has vanished without a word are given up", async () => {
  await using scene = await open();
  const { store, direct, proxy } = scene;
  const topic = newTopic();
  const listener = new RecordingListener();
  await using _listening = await store.listen(topic, listener);
  proxy.vanish();
  await eventually(() => append(store, topic, 1));
  await eventually(() => expect(listener.restorations).toBeGreaterThan(0));
  await accept(direct, { scope: topic.scope, events: [newEvent(topic.topic, "heard")] });
  await listener.until("heard");
  expect((await retained(store, topic)).at(-1)?.type).toBe("heard");
});

/** A store that reaches its Redis through a proxy, and one that does not. */
async function open() {
  const redis = await startRedis();
  const proxy = await FaultProxy.start(Number(new URL(redis.url).port));
  const openAt = (url: string) => openRedisStore({ url, maxEvents: 1000, onReachable: () => {} });
  const store = await openAt(`redis://127.0.0.1:${proxy.port}`);
  const direct = await openAt(redis.url);
  const admin = new Redis(redis.url);
  return {
    store,
    direct,
    proxy,
    admin,
    async [Symbol.asyncDispose]() {
      admin.disconnect();
      await direct[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
    },
  };
}
