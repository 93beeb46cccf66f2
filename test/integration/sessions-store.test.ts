import { randomUUID } from "node:crypto";
import type { ConnectedSession } from "@jobwire/shared";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { sessionKey, sessionsScope, sessionTopic } from "../../server/src/sessions/session-keys.js";
import { SessionRetention } from "../../server/src/sessions/session-retention.js";
import { SessionStore } from "../../server/src/sessions/session-store.js";
import { openMemoryStore } from "../../server/src/store/memory-store.js";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import type { Store } from "../../server/src/store/store.js";
import { startRedis, type TestRedis } from "../support/redis-server.js";
import { newRequestId } from "../support/session-steps.js";
import { upTo } from "../contract/store-fixtures.js";
import { ownClock } from "../../server/src/store/store-clock.js";

describe.each(["memory", "redis"] as const)("the state of a session (%s)", (name) => {
  let redis: TestRedis | undefined;
  let store: Store;
  let sessions: SessionStore;
  beforeAll(async () => {
    if (name === "redis") redis = await startRedis();
    store = redis
      ? await openRedisStore({ url: redis.url, maxEvents: 1000, onReachable: () => {} })
      : openMemoryStore({ maxEvents: 1000 });
    sessions = new SessionStore(store, new SessionRetention(60_000, ownClock));
  });
  afterAll(async () => {
    await store[Symbol.asyncDispose]();
    await redis?.[Symbol.asyncDispose]();
  });

  const logOf = async ({ requestId }: ConnectedSession) => {
    const replay = await store.replay(sessionTopic(requestId), null, upTo(100));
    return replay.kind === "events" ? replay.entries.map(({ body }) => body) : [];
  };

  test("is changed by nothing that an older connection does", async () => {
    const older = newSession();
    const newer = { ...newSession(), requestId: older.requestId };
    await sessions.connect(older);
    const place = await sessions.connect(newer);
    expect(place?.offset).toBe(2);
    const state = await sessions.find(older.requestId);
    expect(state).toEqual({ ...newer, endedAt: null });
    expect(await sessions.disconnect(older)).toBe(false);
    await sessions.restore(older, null);
    expect(await sessions.find(older.requestId)).toEqual(state);
    expect(await logOf(newer)).toEqual([older.connectionId, newer.connectionId]);
  });

  test("is the owner's: another user changes nothing, connected or not", async () => {
    const mine = newSession();
    const theirs = { ...newSession("mallory"), requestId: mine.requestId };
    await sessions.connect(mine);
    expect(await sessions.connect(theirs)).toBeNull();
    expect(await sessions.disconnect(mine)).toBe(true);
    expect(await sessions.connect(theirs)).toBeNull();
    expect(await logOf(mine)).toEqual([mine.connectionId]);
    expect(await sessions.find(mine.requestId)).toMatchObject({
      userId: mine.userId,
      endedAt: expect.any(Date),
    });
  });

  test.each([
    ["ended by others", async (session: ConnectedSession) => void (await sessions.disconnect(session))],
    [
      "set back to the connection before",
      (_session: ConnectedSession, before: ConnectedSession) => write(before),
    ],
    ["lost", async (session: ConnectedSession) => lose(session)],
  ])("that was %s is put back by the connection that stands", async (_how, damage) => {
    const before = newSession();
    const session = { ...newSession(), requestId: before.requestId };
    await sessions.connect(before);
    await sessions.connect(session);
    await damage(session, before);
    await sessions.restore(session, before);
    expect(await sessions.find(session.requestId)).toEqual({ ...session, endedAt: null });
  });

  test("is dropped with its log once its time has passed, and begins anew", async () => {
    const brief = new SessionStore(store, new SessionRetention(50, ownClock));
    const session = newSession();
    const first = await brief.connect(session);
    expect(await brief.find(session.requestId)).not.toBeNull();
    await brief.disconnect(session);
    await vi.waitFor(async () => expect(await brief.find(session.requestId)).toBeNull(), { timeout: 10_000 });
    expect(await store.readState({ scope: sessionsScope, key: sessionKey(session.requestId) })).toBeNull();
    expect(await logOf(session)).toEqual([]);
    const second = await brief.connect({ ...newSession("mallory"), requestId: session.requestId });
    expect(second?.offset).toBe(1);
    expect(second?.epoch).not.toBe(first?.epoch);
  });

  test("is not dropped when it was opened again after the look", async () => {
    const session = newSession();
    await sessions.connect(session);
    await sessions.disconnect(session);
    const seen = await sessions.find(session.requestId);
    if (!seen) throw new Error("It is not there.");
    const again = { ...newSession(), requestId: session.requestId };
    await sessions.connect(again);
    await sessions.drop(seen);
    expect(await sessions.find(session.requestId)).toEqual({ ...again, endedAt: null });
    expect(await logOf(session)).toEqual([session.connectionId, again.connectionId]);
  });

  async function write({ requestId, connectionId, process }: ConnectedSession): Promise<void> {
    const set = { connectionId, process, endedAt: "1" };
    await store.commit({ scope: sessionsScope, state: { key: sessionKey(requestId), set }, events: [] });
  }

  async function lose({ requestId }: ConnectedSession): Promise<void> {
    const state = { key: sessionKey(requestId), set: {} };
    await store.commit({ scope: sessionsScope, state, events: [], retainMs: 0 });
  }
});

function newSession(userId = "alice"): ConnectedSession {
  const requestId = newRequestId();
  return { requestId, userId, connectionId: randomUUID(), since: new Date(1_700_000_000_000), process: "p" };
}
