import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { eventually } from "../contract/store-fixtures.js";
import { watchFeed, watchSession } from "../support/collect.js";
import { startRedis } from "../support/redis-server.js";
import { newRequestId } from "../support/session-steps.js";
import { endOf } from "../support/tasks.js";
import { startTestServer } from "../support/test-server.js";

test("of 1,000 jobs of 100 users nothing is left when their time has passed, but constants", async () => {
  await using redis = await startRedis();
  await using server = await startTestServer({ REDIS_URL: redis.url, HISTORY_TTL_S: "2" });
  const service = await server.newService();
  const admin = new Redis(redis.url);
  const keys = async () => (await admin.keys("*")).filter((key) => !constant.test(key)).toSorted();
  try {
    await eventually(async () => expect(await keys()).toEqual([]));
    const owners = await Promise.all(Array.from({ length: 100 }, () => server.newUser()));
    // Not all at once: a test runs beside others.
    for (let start = 0; start < 1000; start += 25)
      await Promise.all(
        Array.from({ length: 25 }, async (_, index) => {
          const owner = owners[(start + index) % owners.length];
          const jobId = (await owner?.client.jobs.create.mutate({ pipeline: "p" }))?.id ?? "";
          const piece = { stage: "queued", attempt: 1, stream: "stdout", text: "x\n" } as const;
          await service.client.work.write.mutate({ jobId, pieces: [piece] });
          await service.client.jobs.transition.mutate({ jobId, to: "failed" });
        }),
      );
    // Who reads a feed keeps it; who has left does not.
    const [owner] = owners;
    if (!owner) throw new Error("There is an owner.");
    {
      using feed = watchFeed(owner.client);
      const { id: jobId } = await owner.client.jobs.create.mutate({ pipeline: "p" });
      await feed.first(1);
      await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    }
    expect(await admin.dbsize()).toBeGreaterThan(100);
    await eventually(async () => expect(await keys()).toEqual([]), 60_000);
  } finally {
    admin.disconnect();
  }
}, 120_000);

test("of sessions and what was sent to them nothing is left but what everybody has; tasks have gone, and every export has its end", async () => {
  await using redis = await startRedis();
  await using server = await startTestServer({ REDIS_URL: redis.url, HISTORY_TTL_S: "2", DRAIN_MS: "0" });
  const service = await server.newService();
  const admin = new Redis(redis.url);
  const keys = async () => (await admin.keys("*")).toSorted();
  try {
    // What everybody has is there from the first broadcast on: the version of now, and the session that hears of it.
    await eventually(async () => expect((await keys()).length).toBeGreaterThan(2));
    const before = new Set(await keys());
    const owners = await Promise.all(Array.from({ length: 10 }, () => server.newUser()));
    const sessions = owners.flatMap(({ client }) =>
      [1, 2, 3].map(() => watchSession(client, { requestId: newRequestId() })),
    );
    await Promise.all(sessions.map((session) => session.first(2)));
    await service.client.sessions.send.mutate({ name: "all", data: null });
    for (const { client } of owners) {
      const { id: jobId } = await client.jobs.create.mutate({ pipeline: "p" });
      await service.client.jobs.transition.mutate({ jobId, to: "failed" });
      const exported = await client.tasks.start.mutate({ kind: "export-events", input: { jobId } });
      expect((await endOf(client, exported)).status).toBe("completed");
    }
    await Promise.all(sessions.map((session) => session.until(({ type }) => type === "task.completed")));
    expect((await keys()).length).toBeGreaterThan(before.size + 30);
    for (const session of sessions) session.unsubscribe();
    const left = async () => (await keys()).filter((key) => !before.has(key) && !constant.test(key));
    await eventually(
      async () =>
        expect((await left()).filter((key) => !everybodys.test(key) && !ending.test(key))).toEqual([]),
      60_000,
    );
    // Answers that idempotency keys stand for go by themselves; exports stay an hour longer, for who downloads one.
    for (const key of await left())
      if (key.includes("}:m:")) expect(await admin.pttl(key)).toBeGreaterThan(0);
    const exports = (await left()).filter((key) => key.startsWith("jw:{topic%3Ajob-export}:s:"));
    expect(exports).toHaveLength(owners.length);
    expect(await admin.zcard("jw:{topic%3Ajob-export}:d")).toBe(exports.length);
  } finally {
    admin.disconnect();
  }
}, 120_000);

test("a spool that was taken and given back many times has no more keys than one that was once", async () => {
  await using redis = await startRedis();
  await using server = await startTestServer({ REDIS_URL: redis.url, HISTORY_MAX_EVENTS: "20" });
  const [service, worker] = await Promise.all([server.newService(), server.newUser()]);
  const admin = new Redis(redis.url);
  const shift = async () => {
    const action = { tagSpool: "A-1", workerNombre: "Ana" };
    await worker.client.spools.tomar.mutate(action);
    await worker.client.spools.pausar.mutate(action);
  };
  try {
    await service.client.spools.register.mutate({ tagSpool: "A-1" });
    await shift();
    const keys = async () => (await admin.keys("*")).filter((key) => !constant.test(key)).toSorted();
    const before = await keys();
    for (let round = 0; round < 50; round++) await shift();
    expect(await keys()).toEqual(before);
    const logs = before.filter((key) => /:l:/.test(key));
    for (const log of logs) expect(await admin.xlen(log)).toBeLessThanOrEqual(20);
    expect(logs.length).toBeGreaterThan(0);
  } finally {
    admin.disconnect();
  }
});

/** The log that all sessions follow, and what lists it. */
const everybodys = /^jw:\{topic%3Asession\}:(n$|i:all$|[hls]:\["\*"\]$)/;

/** What goes at a time of its own. */
const ending = /^jw:\{(topic%3Ajob-export\}|[^}]+\}:m):/;

/** What a server has by itself: its mark, and that it is alive. */
const constant = /^jw:(generation$|\{topic%3Aserver-process\}:)/;
