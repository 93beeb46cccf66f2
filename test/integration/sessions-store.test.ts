import { randomUUID } from "node:crypto";
import type { ConnectedSession } from "@jobwire/shared";
import superjson from "superjson";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ProcessLease } from "../../server/src/sessions/process-lease.js";
import { SessionRegistry } from "../../server/src/sessions/session-registry.js";
import { openSessionTopic, userIndex } from "../../server/src/sessions/session-topic.js";
import { openMemoryStore } from "../../server/src/store/memory-store.js";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import type { Store } from "../../server/src/store/store.js";
import { Jobwire } from "../../server/src/topics/index.js";
import { startRedis, type TestRedis } from "../support/redis-server.js";
import { newRequestId } from "../support/session-steps.js";
import { upTo } from "../contract/store-fixtures.js";

describe.each(["memory", "redis"] as const)("the state of a session (%s)", (name) => {
  let redis: TestRedis | undefined;
  let store: Store;
  let jobwire: Jobwire;
  let opened: ReturnType<typeof openRegistry>;
  beforeAll(async () => {
    if (name === "redis") redis = await startRedis();
    store = redis
      ? await openRedisStore({ url: redis.url, maxEvents: 1000, onReachable: () => {} })
      : openMemoryStore({ maxEvents: 1000 });
    jobwire = new Jobwire(store, {});
    opened = openRegistry(jobwire, 60_000);
  });
  afterAll(async () => {
    await jobwire[Symbol.asyncDispose]();
    await redis?.[Symbol.asyncDispose]();
  });

  /** The connections that its log names. */
  const logOf = async (requestId: string) => {
    const topic = { scope: "topic:session", topic: JSON.stringify([requestId]) };
    const replay = await store.replay(topic, null, upTo(100));
    if (replay.kind !== "events") return [];
    return replay.entries.map(({ body }) => superjson.parse<{ connectionId: string }>(body).connectionId);
  };

  test("is changed by nothing that an older connection does", async () => {
    const { registry, topic } = opened;
    const requestId = newRequestId();
    const { session: older } = await registry.connect(newConnection(requestId));
    const { session: newer, start } = await registry.connect(newConnection(requestId));
    expect(start).toMatch(/:2$/);
    expect(newer.since.getTime()).toBeGreaterThan(older.since.getTime());
    const state = await topic.state({ requestId });
    expect(state).toMatchObject({ connection: { connectionId: newer.connectionId }, endedAt: null });
    expect(await registry.disconnect(older)).toBe(false);
    await registry.restore(older, undefined);
    expect(await topic.state({ requestId })).toEqual(state);
    expect(await logOf(requestId)).toEqual([older.connectionId, newer.connectionId]);
  });

  test("is not taken by a connection whose client has left before it was made", async () => {
    const { registry, topic } = opened;
    const requestId = newRequestId();
    const { session } = await registry.connect(newConnection(requestId));
    const left = registry.connect(newConnection(requestId), AbortSignal.abort());
    await expect(left).rejects.toThrow(/aborted/);
    expect(await topic.state({ requestId })).toMatchObject({
      connection: { connectionId: session.connectionId },
    });
  });

  test("is the owner's: another user changes nothing, connected or not", async () => {
    const { registry, topic } = opened;
    const requestId = newRequestId();
    const { session } = await registry.connect(newConnection(requestId));
    const theirs = newConnection(requestId, "mallory");
    await expect(registry.connect(theirs)).rejects.toMatchObject({ reason: "SESSION_NOT_FOUND" });
    expect(await registry.disconnect(session)).toBe(true);
    await expect(registry.connect(theirs)).rejects.toMatchObject({ reason: "SESSION_NOT_FOUND" });
    expect(await logOf(requestId)).toEqual([session.connectionId]);
    expect(await topic.state({ requestId })).toMatchObject({ userId: "alice", endedAt: expect.any(Date) });
  });

  test.each([
    [
      "ended by others",
      async (session: ConnectedSession) => void (await opened.registry.disconnect(session)),
    ],
    [
      "set back to the connection before",
      async (session: ConnectedSession, before: ConnectedSession) => {
        const { requestId, userId, ...connection } = before;
        const state = { userId, connection, endedAt: new Date(), version: null };
        await opened.topic.change({ requestId }, () => ({ state, events: [] }));
        expect(session.requestId).toBe(requestId);
      },
    ],
    ["lost", async ({ requestId }: ConnectedSession) => void (await opened.topic.remove({ requestId }))],
  ])("that was %s is put back by the connection that stands", async (_how, damage) => {
    const { registry, topic } = opened;
    const requestId = newRequestId();
    const { session: before } = await registry.connect(newConnection(requestId));
    const { session, before: replaced } = await registry.connect(newConnection(requestId));
    expect(replaced).toMatchObject({ connectionId: before.connectionId });
    await damage(session, before);
    await registry.restore(session, replaced);
    expect(await topic.state({ requestId })).toMatchObject({
      userId: "alice",
      connection: { connectionId: session.connectionId, since: session.since },
      endedAt: null,
    });
  });

  test("is dropped with its log once its time has passed, and begins anew", async () => {
    const own = openMemoryStore({ maxEvents: 1000 });
    await using brief = new Jobwire(own, {});
    const { registry, topic } = openRegistry(brief, 50);
    const requestId = newRequestId();
    const { session, start: first } = await registry.connect(newConnection(requestId));
    await registry.disconnect(session);
    const again = newConnection(requestId, "mallory");
    const second = await vi.waitFor(() => registry.connect(again), { timeout: 10_000 });
    expect(second.start).toMatch(/:1$/);
    expect(second.start?.split(":")[0]).not.toBe(first?.split(":")[0]);
    await registry.disconnect(second.session);
    await vi.waitFor(async () => expect(await topic.state({ requestId })).toBeNull(), { timeout: 10_000 });
  });

  test("is not ended by those who take its process for lost after it has gone to another one", async () => {
    const { registry, topic } = opened;
    const requestId = newRequestId();
    const { session } = await registry.connect(newConnection(requestId));
    await registry.restore({ ...session, process: "another" }, undefined);
    expect(await registry.disconnect(session)).toBe(false);
    expect(await topic.state({ requestId })).toMatchObject({
      connection: { connectionId: session.connectionId, process: "another" },
      endedAt: null,
    });
  });

  test("is one of at most so many of its user, also of those that open at once", async () => {
    const registry = opened.limitedTo(3);
    const user = randomUUID();
    const connections = Array.from({ length: 12 }, () => newConnection(newRequestId(), user));
    const settled = await Promise.allSettled(connections.map((connection) => registry.connect(connection)));
    const sessions = settled.flatMap((result) => (result.status === "fulfilled" ? result.value.session : []));
    expect(sessions).toHaveLength(3);
    // None of them is one more.
    for (const { requestId } of sessions) await registry.connect(newConnection(requestId, user));
    const [left] = sessions;
    if (!left) throw new Error("nobody was let in");
    const [taken] = await Promise.all([
      registry.connect(newConnection(left.requestId, user)),
      expect(registry.connect(newConnection(newRequestId(), user))).rejects.toMatchObject({
        reason: "SESSIONS_BUSY",
      }),
    ]);
    await registry.disconnect(taken.session);
    await registry.connect(newConnection(newRequestId(), user));
    expect(await opened.topic.state({ requestId: left.requestId })).toBeNull();
  });

  test("makes room for another one with all those of its user that are too many", async () => {
    const user = randomUUID();
    for (let number = 0; number < 5; number++) {
      const { session } = await opened.registry.connect(newConnection(newRequestId(), user));
      await opened.registry.disconnect(session);
    }
    await opened.limitedTo(3).connect(newConnection(newRequestId(), user));
    const index = userIndex(user);
    expect(await opened.topic.counts([index])).toEqual({ [index]: 3 });
  });
});

function openRegistry(jobwire: Jobwire, retainMs: number) {
  const topic = openSessionTopic(jobwire, { retainMs });
  const lease = new ProcessLease(jobwire, async () => {});
  const limitedTo = (maxPerUser: number) =>
    new SessionRegistry({ topic, lease, retainMs, maxPerUser, now: () => jobwire.now() });
  return { topic, registry: limitedTo(100), limitedTo };
}

function newConnection(requestId: string, userId = "alice") {
  return { requestId, userId, connectionId: randomUUID() };
}
