import { randomUUID } from "node:crypto";
import type { ConnectedSession, SessionEvent } from "@jobwire/shared";
import superjson from "superjson";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ProcessLease } from "../../server/src/sessions/process-lease.js";
import { SessionBroadcasts } from "../../server/src/sessions/session-broadcasts.js";
import { SessionDirectory } from "../../server/src/sessions/session-directory.js";
import { sessionKey, sessionsScope } from "../../server/src/sessions/session-keys.js";
import { SessionRetention } from "../../server/src/sessions/session-retention.js";
import { SessionStore } from "../../server/src/sessions/session-store.js";
import { openMemoryStore } from "../../server/src/store/memory-store.js";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import type { Commit, Store } from "../../server/src/store/store.js";
import { startRedis, type TestRedis } from "../support/redis-server.js";
import { newRequestId } from "../support/session-steps.js";
import { upTo } from "../contract/store-fixtures.js";
import { ownClock } from "../../server/src/store/store-clock.js";

describe.each(["memory", "redis"] as const)("a broadcast to sessions (%s)", (name) => {
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

  test("of a state reaches 600 sessions of a user, each once, and nobody else", async () => {
    const { connect, broadcasts } = await newSessions(store);
    const userId = randomUUID();
    const sessions = await Promise.all(Array.from({ length: 600 }, () => connect(userId)));
    const other = await connect(randomUUID());
    const key = randomUUID();
    const [first, second] = [message("first"), message("second")];
    const broadcast = {
      audience: { userId },
      events: [first, second],
      state: { key, expect: "absent", set: { a: "1" } },
    } as const;
    expect(await broadcasts.commit(broadcast)).toEqual({ accepted: true, delivered: 600 });
    for (const session of sessions) expect(await received(store, session)).toEqual([first, second]);
    expect(await received(store, other)).toEqual([]);
    expect(await store.readState({ scope: sessionsScope, key })).toEqual({ a: "1" });
  });

  test("of a large message is made in commits of a few megabytes each", async () => {
    const sizes: number[] = [];
    const { connect, broadcasts } = await newSessions(store, async ({ events }) => {
      sizes.push(events.reduce((sum, { body }) => sum + body.length, 0));
    });
    const userId = randomUUID();
    const sessions = await Promise.all(Array.from({ length: 12 }, () => connect(userId)));
    const timestamp = new Date();
    const event: SessionEvent = {
      type: "session.message",
      timestamp,
      name: "large",
      data: "x".repeat(900_000),
    };
    expect(await broadcasts.send({ userId }, [event])).toBe(12);
    for (const session of sessions) expect(await received(store, session)).toEqual([event]);
    expect(Math.max(...sizes)).toBeLessThan(4_194_304);
    expect(sizes).toHaveLength(3);
  });

  test("whose guard refuses the state reaches nobody", async () => {
    const { connect, broadcasts } = await newSessions(store);
    const userId = randomUUID();
    const session = await connect(userId);
    const state = { key: randomUUID(), expect: { status: ["running"] }, set: { status: "done" } };
    expect(await broadcasts.commit({ audience: { userId }, events: [message("x")], state })).toEqual({
      accepted: false,
      state: null,
    });
    expect(await received(store, session)).toEqual([]);
  });

  test("changes the state also when there is no session at all", async () => {
    const { broadcasts } = await newSessions(store);
    const state = { key: randomUUID(), set: { a: "1" } };
    const committed = await broadcasts.commit({
      audience: { userId: randomUUID() },
      events: [message("x")],
      state,
    });
    expect(committed).toEqual({ accepted: true, delivered: 0 });
    expect(await store.readState({ scope: sessionsScope, key: state.key })).toEqual({ a: "1" });
  });

  test("of a state reaches a session that opens between the look and the commit, once", async () => {
    const userId = randomUUID();
    let late: ConnectedSession | undefined;
    // It may have read the state of before, so it has to hear of the change.
    const beforeCommit = async () => {
      late ??= await connect(userId);
    };
    const { connect, broadcasts } = await newSessions(store, beforeCommit);
    const early = await connect(userId);
    const event = message("changed");
    const state = { key: randomUUID(), set: { a: "1" } };
    expect(await broadcasts.commit({ audience: { userId }, events: [event], state })).toEqual({
      accepted: true,
      delivered: 2,
    });
    if (!late) throw new Error("Nobody came between.");
    for (const session of [early, late]) expect(await received(store, session)).toEqual([event]);
  });

  test("waits for sessions that are away, and counts only those that are connected to a live process", async () => {
    const { connect, broadcasts, sessions } = await newSessions(store);
    const userId = randomUUID();
    const [here, away, dead] = [
      await connect(userId),
      await connect(userId),
      await connect(userId, "killed"),
    ];
    await sessions.disconnect(away);
    const event = message("hello");
    expect(await broadcasts.send({ userId }, [event])).toBe(1);
    for (const session of [here, away, dead]) expect(await received(store, session)).toEqual([event]);
  });
});

async function newSessions(store: Store, beforeCommit: (change: Commit) => Promise<void> = async () => {}) {
  const retention = new SessionRetention(60_000, ownClock);
  const sessions = new SessionStore(store, retention);
  const lease = new ProcessLease(store);
  const observed: Store = Object.assign(Object.create(store) as Store, {
    commit: async (change: Commit) => {
      await lease.renew();
      await beforeCommit(change);
      return store.commit(change);
    },
  });
  return {
    sessions,
    broadcasts: new SessionBroadcasts({ store: observed, directory: new SessionDirectory(store), retention }),
    async connect(userId: string, process = lease.id): Promise<ConnectedSession> {
      const connectionId = randomUUID();
      const session = { requestId: newRequestId(), userId, connectionId, since: new Date(), process };
      expect(await sessions.connect(session)).not.toBeNull();
      return session;
    },
  };
}

function message(name: string): SessionEvent {
  return { type: "session.message", timestamp: new Date(), name, data: { of: name } };
}

/** What its log holds beside the mark of its connection. */
async function received(store: Store, { requestId }: ConnectedSession): Promise<unknown[]> {
  const replay = await store.replay({ scope: sessionsScope, topic: sessionKey(requestId) }, null, upTo(1000));
  if (replay.kind === "gap") throw new Error("Its log has a gap.");
  const [mark, ...entries] = replay.entries;
  expect(mark?.type).toBe("session.connection");
  return entries.map(({ body }) => superjson.parse(body));
}
