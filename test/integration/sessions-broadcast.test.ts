import { randomUUID } from "node:crypto";
import { everybody, type ConnectedSession } from "@jobwire/shared";
import superjson from "superjson";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openMemoryStore } from "../../server/src/store/memory-store.js";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import type { Commit, Store } from "../../server/src/store/store.js";
import { startRedis, type TestRedis } from "../support/redis-server.js";
import { newRequestId } from "../support/session-steps.js";
import { sessionsOn } from "../support/sessions-on.js";
import { upTo } from "../contract/store-fixtures.js";

describe.each(["memory", "redis"] as const)("what is sent to sessions (%s)", (name) => {
  let redis: TestRedis | undefined;
  let store: Store;
  beforeAll(async () => {
    if (name === "redis") redis = await startRedis();
    store = redis
      ? await openRedisStore({ url: redis.url, maxEvents: 1000, onReachable: () => {} })
      : openMemoryStore({ maxEvents: 1000 });
  });
  afterAll(async () => {
    await store[Symbol.asyncDispose]();
    await redis?.[Symbol.asyncDispose]();
  });

  test("is one commit, however many they are", async () => {
    const commits: Commit[] = [];
    const observed: Store = new Proxy(store, {
      get(target, member) {
        const value: unknown = Reflect.get(target, member, target);
        if (member === "commit")
          return (change: Commit) => {
            commits.push(change);
            return target.commit(change);
          };
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
    await using sessions = await openProcess(observed);
    await Promise.all(Array.from({ length: 20 }, () => sessions.connect()));
    commits.length = 0;
    expect(await sessions.registry.send(message("all"))).toBe(20);
    expect(await received(store, everybody)).toContainEqual(expect.objectContaining({ name: "all" }));
    expect(commits.filter(({ events }) => events.length > 0)).toHaveLength(1);
  });

  test("to one that nobody knows goes nowhere, and is no error", async () => {
    await using sessions = await openProcess(store);
    const requestId = newRequestId();
    expect(await sessions.registry.send(message("x"), requestId)).toBe(0);
    expect(await received(store, requestId)).toEqual([]);
  });

  test("waits for those that are away, and only those count that are connected to a live process", async () => {
    await using sessions = await openProcess(store);
    const killed = await openProcess(store);
    const [here, away, dead] = [await sessions.connect(), await sessions.connect(), await killed.connect()];
    await killed[Symbol.asyncDispose]();
    await sessions.registry.disconnect(away);
    const counts = [here, away, dead].map(({ requestId }) =>
      sessions.registry.send(message("hello"), requestId),
    );
    expect(await Promise.all(counts)).toEqual([1, 0, 0]);
    for (const { requestId } of [here, away, dead])
      expect(await received(store, requestId)).toMatchObject([
        { type: "session.connected" },
        { type: "session.message", requestId, name: "hello" },
      ]);
    const all = await sessions.registry.send(message("all"));
    await sessions.registry.disconnect(here);
    expect(await sessions.registry.send(message("all"))).toBe(all - 1);
  });
});

async function openProcess(
  store: Store,
): Promise<ReturnType<typeof sessionsOn> & { connect(userId?: string): Promise<ConnectedSession> }> {
  const sessions = sessionsOn(store, {
    onError: (error) => {
      throw error;
    },
  });
  return {
    ...sessions,
    async connect(userId: string = randomUUID()): Promise<ConnectedSession> {
      const { session } = await sessions.connections.open({ requestId: newRequestId(), userId }, undefined);
      return session;
    },
  };
}

function message(name: string) {
  return { type: "session.message" as const, name, data: { of: name } };
}

async function received(store: Store, requestId: string): Promise<unknown[]> {
  const topic = { scope: "topic:session", topic: JSON.stringify([requestId]) };
  const replay = await store.replay(topic, null, upTo(1000));
  return replay.kind === "gap" ? [] : replay.entries.map(({ body }) => superjson.parse(body));
}
