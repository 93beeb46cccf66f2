import { randomUUID } from "node:crypto";
import type { ConnectedSession, SessionEvent } from "@jobwire/shared";
import superjson from "superjson";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ProcessLease } from "../../server/src/sessions/process-lease.js";
import { SessionBroadcasts } from "../../server/src/sessions/session-broadcasts.js";
import { SessionDirectory } from "../../server/src/sessions/session-directory.js";
import { sessionsScope, sessionTopic, userTopic } from "../../server/src/sessions/session-keys.js";
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

  test("of a state reaches all sessions of a user in one commit, and nobody else", async () => {
    const commits: Commit[] = [];
    const { connect, broadcasts } = await newSessions(store, async (change) => void commits.push(change));
    const userId = randomUUID();
    const sessions = await Promise.all(Array.from({ length: 20 }, () => connect(userId)));
    const other = await connect(randomUUID());
    const key = randomUUID();
    const [first, second] = [message("first"), message("second")];
    const broadcast = {
      audience: { userId },
      events: [first, second],
      state: { key, expect: "absent", set: { a: "1" } },
    } as const;
    expect(await broadcasts.commit(broadcast)).toMatchObject({ accepted: true });
    expect(commits).toHaveLength(1);
    for (const session of sessions) expect(await received(store, session)).toEqual([first, second]);
    expect(await received(store, other)).toEqual([]);
    expect(await store.readState({ scope: sessionsScope, key })).toEqual({ a: "1" });
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
    const audience = { requestId: newRequestId() };
    const committed = await broadcasts.commit({ audience, events: [message("x")], state });
    expect(committed).toEqual({ accepted: true, cursors: [] });
    expect(await broadcasts.countLive(audience)).toBe(0);
    expect(await store.readState({ scope: sessionsScope, key: state.key })).toEqual({ a: "1" });
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
    const counts = [here, away, dead].map(({ requestId }) => broadcasts.send({ requestId }, [event]));
    expect(await Promise.all(counts)).toEqual([1, 0, 0]);
    for (const session of [here, away, dead]) expect(await received(store, session)).toEqual([event]);
    const all = await broadcasts.countLive("all");
    await sessions.disconnect(here);
    expect(await broadcasts.countLive("all")).toBe(all - 1);
  });
});

async function newSessions(store: Store, beforeCommit: (change: Commit) => Promise<void> = async () => {}) {
  const retention = new SessionRetention(60_000, ownClock);
  const sessions = new SessionStore(store, retention);
  const lease = new ProcessLease(store);
  const observed: Store = Object.assign(Object.create(store) as Store, {
    countStates: (...query: Parameters<Store["countStates"]>) => store.countStates(...query),
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

/** What the logs that it follows hold beside the mark of its connection. */
async function received(store: Store, { requestId, userId }: ConnectedSession): Promise<unknown[]> {
  const replays = await Promise.all(
    [sessionTopic(requestId), userTopic(userId)].map((topic) => store.replay(topic, null, upTo(1000))),
  );
  const [mark, ...entries] = replays.flatMap((replay) => (replay.kind === "gap" ? [] : replay.entries));
  expect(mark?.type).toBe("session.connection");
  return entries.map(({ body }) => superjson.parse(body));
}
