import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { expect, test, vi } from "vitest";
import { watchSession } from "../support/collect.js";
import { disconnected, messagesIn, newRequestId } from "../support/session-steps.js";
import { startRedis } from "../support/redis-server.js";
import { simulateTask } from "../support/tasks.js";
import { describeOnEachStore, startTestServer } from "../support/test-server.js";

const patience = { timeout: 20_000, interval: 20 };

describeOnEachStore("a session that comes back", (store) => {
  test("too late for its cursor is told what is missing, with the version and the tasks of now", async () => {
    await using server = await store.start({ HISTORY_MAX_EVENTS: "5", DRAIN_MS: "0" });
    const [user, service] = await Promise.all([server.newUser(), server.newService()]);
    const requestId = newRequestId();
    using first = watchSession(user.client, { requestId });
    const [opened] = await first.first(2);
    first.unsubscribe();
    await disconnected(service.client, requestId);
    await service.client.versions.announce.mutate({ version: "2.0.0", changelog: "Faster." });
    // More than a server that follows the log still has in memory.
    const names = Array.from({ length: 270 }, (_, number) => `m${number}`);
    for (const name of names) await service.client.sessions.send.mutate({ requestId, name, data: null });
    using second = watchSession(user.client, { requestId, lastEventId: opened?.id });
    await second.first(8);
    await service.client.sessions.send.mutate({ requestId, name: "live", data: null });
    await second.first(9);
    const version = { version: "2.0.0", changelog: "Faster.", pending: true };
    expect(second.events.slice(0, 2)).toMatchObject([
      { type: "session.opened", resumed: false },
      { type: "version.announced", ...version },
    ]);
    // What was announced to all meanwhile is in a log of its own, which has no gap.
    const kept = second.events.filter(({ type }) => type === "version.announced" || type === "stream.gap");
    expect(kept.slice(1).toSorted((one, other) => one.type.localeCompare(other.type))).toMatchObject([
      {
        type: "stream.gap",
        reason: "trimmed",
        from: expect.any(String),
        to: expect.any(String),
        snapshot: { version, tasks: [] },
      },
      { type: "version.announced", ...version },
    ]);
    // One of the five that are retained is the mark of the new connection.
    expect(messagesIn(second.events)).toEqual([...names.slice(-4), "live"]);
  });

  test("is told the tasks that it hears of: its user's and those of services, of nobody else", async () => {
    await using server = await store.start({ TESTING: "on" });
    const [user, other, service] = await Promise.all([
      server.newUser(),
      server.newUser(),
      server.newService(),
    ]);
    const ofUser = { ownerId: user.sub, durationMs: 0, steps: 1 };
    const heard = [
      await simulateTask(server, service.token, ofUser),
      await simulateTask(server, service.token, { durationMs: 0, steps: 1 }),
    ];
    await simulateTask(server, service.token, { ...ofUser, ownerId: other.sub });
    // Of a log that is gone.
    using session = watchSession(user.client, { requestId: newRequestId(), lastEventId: "gone:1" });
    const gap = await session.until(({ type }) => type === "stream.gap");
    const tasks = gap.data.type === "stream.gap" ? gap.data.snapshot.tasks : [];
    expect(tasks.map(({ id }) => id).toSorted()).toEqual(heard.map(({ id }) => id).toSorted());
  });

  test("after its time begins anew: its cursor is a gap, nothing of its log is left, and its name is free", async () => {
    await using server = await store.start({ HISTORY_TTL_S: "1", DRAIN_MS: "0" });
    const [user, service] = await Promise.all([server.newUser(), server.newService()]);
    const requestId = newRequestId();
    using first = watchSession(user.client, { requestId });
    await first.first(2);
    await service.client.sessions.send.mutate({ requestId, name: "old", data: null });
    const last = (await first.first(3)).at(-1);
    first.unsubscribe();
    const other = await server.newUser();
    await vi.waitFor(async () => {
      using theirs = watchSession(other.client, { requestId });
      await theirs.first(1);
    }, patience);
    await vi.waitFor(async () => {
      using back = watchSession(user.client, { requestId, lastEventId: last?.id });
      await back.first(3);
      expect(back.events[0]).toMatchObject({ type: "session.opened", resumed: false });
      expect(back.events[2]).toMatchObject({ type: "stream.gap", reason: "log-lost" });
      expect(messagesIn(back.events)).toEqual([]);
    }, patience);
  });

  test("in time keeps its log, however often it has left", async () => {
    await using server = await store.start({ HISTORY_TTL_S: "2", DRAIN_MS: "0" });
    const [user, service] = await Promise.all([server.newUser(), server.newService()]);
    const requestId = newRequestId();
    using first = watchSession(user.client, { requestId });
    const [opened] = await first.first(2);
    await service.client.sessions.send.mutate({ requestId, name: "kept", data: null });
    first.unsubscribe();
    // Longer than it is kept when nobody comes.
    for (let round = 0; round < 3; round++) {
      await delay(1000);
      using again = watchSession(user.client, { requestId, lastEventId: opened?.id });
      await again.first(3);
      expect(messagesIn(again.events)).toEqual(["kept"]);
      expect(again.events[0]).toMatchObject({ resumed: true });
    }
  });
});

test("sessions whose time has passed leave no key in Redis", async () => {
  await using redis = await startRedis();
  await using server = await startTestServer({ REDIS_URL: redis.url, HISTORY_TTL_S: "1", DRAIN_MS: "0" });
  const commands = new Redis(redis.url);
  try {
    const [user, service] = await Promise.all([server.newUser(), server.newService()]);
    const sessions = Array.from({ length: 10 }, () =>
      watchSession(user.client, { requestId: newRequestId() }),
    );
    await Promise.all(sessions.map((session) => session.first(2)));
    await service.client.sessions.send.mutate({ name: "all", data: null });
    await service.client.versions.announce.mutate({ requestId: "never-opened", version: "3" });
    const states = "jw:{topic%3Asession}:s:*";
    // Those of ten that are connected and of one that was never opened, and what was said to everybody.
    expect(await commands.keys(states)).toHaveLength(12);
    for (const session of sessions) session.unsubscribe();
    await vi.waitFor(async () => {
      expect(await commands.keys(states)).toEqual([expect.stringContaining('["*"]')]);
      const keys = await commands.keys("jw:{topic%3Asession}:*");
      expect(keys.filter((key) => !/:[in]$|:i:all$|"\*"/.test(key))).toEqual([]);
    }, patience);
  } finally {
    commands.disconnect();
  }
});
