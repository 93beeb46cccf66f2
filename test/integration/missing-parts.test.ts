import { parseCursor } from "@jobwire/shared";
import { Redis } from "ioredis";
import { afterAll, assert, describe, expect, test } from "vitest";
import { feedTopic, jobStateKey, topicOfJob } from "../support/job-places.js";
import { redisKeys } from "../support/redis-keys.js";
import { watchFeed, watchJob } from "../support/collect.js";
import { RedisCommands } from "../support/redis-commands.js";
import { startRedis } from "../support/redis-server.js";
import { refusalOf } from "../support/test-client.js";
import { startTestServer, type Caller } from "../support/test-server.js";

/** Redis may be told to evict keys, and people delete some: any part of a topic may be gone while others stay. */

const redis = await startRedis();
const admin = new Redis(redis.url);
const writer = await startTestServer({ REDIS_URL: redis.url });
const service = await writer.newService();
afterAll(async () => {
  admin.disconnect();
  await writer[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

/** A server that has never heard of the topics. */
const startReader = () => startTestServer({ REDIS_URL: redis.url });

const partNames = ["log", "head"] as const;
type Part = (typeof partNames)[number];
const missing: readonly (readonly Part[])[] = [["log"], ["head"], ["log", "head"]];

/** A job with three events, finished or not. */
async function newJob(owner: Caller, { isFinished }: { isFinished: boolean }): Promise<string> {
  const { id: jobId } = await owner.client.jobs.create.mutate({});
  if (isFinished) await service.client.jobs.transition.mutate({ jobId, to: "failed" });
  else for (const percent of [1, 2]) await publish(jobId, percent);
  return jobId;
}

async function publish(jobId: string, percent: number): Promise<void> {
  await service.client.jobs.publish.mutate({
    jobId,
    event: { type: "build.progress", stage: "code", percent },
  });
}

async function remove(jobId: string, parts: readonly Part[]): Promise<void> {
  for (const part of parts) expect(await admin.del(redisKeys[part](topicOfJob(jobId)))).toBe(1);
}

/** How many scripts have read of this job: each read of a log is one. */
const readsOf = (commands: RedisCommands, jobId: string) => commands.count(/^eval(sha)?$/i, jobId);

/** Opening a hub, a page, the end, and what may be read again to be sure. */
const maxReads = 12;

describe.each(missing)("a job without its %s %s", (...parts) => {
  const names = parts.filter((part): part is Part => part !== undefined);

  test.each(["all", "none"] as const)(
    "that is finished tells a gap with the job and ends, replay %s",
    async (replay) => {
      await using server = await startReader();
      const owner = await writer.newUser();
      const jobId = await newJob(owner, { isFinished: true });
      await remove(jobId, names);
      await using commands = await RedisCommands.watch(redis.url);
      using stream = watchJob(server.client(owner.token), { jobId, replay });
      const events = await stream.completed();
      // Who wants nothing of the past and finds the end where it should be has missed nothing.
      if (replay === "none" && !names.includes("head")) return expect(events).toEqual([]);
      assert(events[0]?.type === "stream.gap");
      expect(events).toHaveLength(1);
      expect(events[0].snapshot).toMatchObject({ id: jobId, status: "failed" });
      const reads = await readsOf(commands, jobId);
      expect(reads).toBeGreaterThan(0);
      expect(reads).toBeLessThan(maxReads);
    },
  );

  test("that is finished tells who comes back a gap and ends", async () => {
    await using server = await startReader();
    const owner = await writer.newUser();
    const jobId = await newJob(owner, { isFinished: true });
    using before = watchJob(writer.client(owner.token), { jobId });
    await before.completed();
    await remove(jobId, names);
    using stream = watchJob(server.client(owner.token), { jobId, lastEventId: before.ids[0] });
    const events = await stream.completed();
    expect(events.map(({ type }) => type)).toEqual(["stream.gap"]);
  });

  test("that goes on tells a gap with the job, then what follows, in few reads", async () => {
    await using server = await startReader();
    const owner = await writer.newUser();
    const jobId = await newJob(owner, { isFinished: false });
    await remove(jobId, names);
    await using commands = await RedisCommands.watch(redis.url);
    using stream = watchJob(server.client(owner.token), { jobId });
    await stream.until(({ type }) => type === "stream.gap");
    const reads = await readsOf(commands, jobId);
    expect(reads).toBeGreaterThan(0);
    expect(reads).toBeLessThan(maxReads);
    await publish(jobId, 3);
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    const events = await stream.completed();
    expect(events.map(({ type }) => type)).toEqual([
      "stream.gap",
      "build.progress",
      "build.stage.completed",
      "build.stage.started",
    ]);
    const offsets = stream.ids.map((id) => parseCursor(id)?.offset ?? Number.NaN);
    expect(offsets).toEqual([0, 1, 2, 3].map((step) => (offsets[0] ?? 0) + step));
  });

  test("whose readers stay attached goes on for them too", async () => {
    const owner = await writer.newUser();
    const jobId = await newJob(owner, { isFinished: false });
    using stream = watchJob(writer.client(owner.token), { jobId });
    await stream.first(3);
    await remove(jobId, names);
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    const events = await stream.completed();
    const types = events.slice(3).map(({ type }) => type);
    // A log of its own begins where the head is gone.
    expect(types.filter((type) => type !== "stream.gap")).toEqual([
      "build.stage.completed",
      "build.stage.started",
    ]);
    expect(types.filter((type) => type === "stream.gap")).toHaveLength(names.includes("head") ? 1 : 0);
  });
});

test("entries deleted from the middle of a log are told as a gap, once, and those around it arrive", async () => {
  await using server = await startReader();
  const owner = await writer.newUser();
  const jobId = await newJob(owner, { isFinished: false });
  for (const percent of [3, 4, 5]) await publish(jobId, percent);
  await admin.xdel(redisKeys.log(topicOfJob(jobId)), "3-0", "4-0");
  await using commands = await RedisCommands.watch(redis.url);
  using stream = watchJob(server.client(owner.token), { jobId });
  const items = await stream.first(5);
  expect(items.map(({ id }) => parseCursor(id)?.offset)).toEqual([1, 2, 4, 5, 6]);
  expect(items[2]?.data).toMatchObject({ type: "stream.gap", reason: "trimmed" });
  const reads = await readsOf(commands, jobId);
  expect(reads).toBeGreaterThan(0);
  expect(reads).toBeLessThan(maxReads);
});

test("the newest entries deleted from a log are told as a gap to its end", async () => {
  await using server = await startReader();
  const owner = await writer.newUser();
  const jobId = await newJob(owner, { isFinished: true });
  await admin.xdel(redisKeys.log(topicOfJob(jobId)), "2-0", "3-0");
  using stream = watchJob(server.client(owner.token), { jobId });
  const events = await stream.completed();
  expect(events.map(({ type }) => type)).toEqual(["build.stage.started", "stream.gap"]);
});

test("a head that has lost its offset is no head: the log begins anew", async () => {
  await using server = await startReader();
  const owner = await writer.newUser();
  const jobId = await newJob(owner, { isFinished: false });
  await admin.hdel(redisKeys.head(topicOfJob(jobId)), "offset");
  await publish(jobId, 3);
  using stream = watchJob(server.client(owner.token), { jobId });
  const [first] = await stream.first(1);
  expect(first?.data).toMatchObject({ type: "build.progress", percent: 3 });
});

test("a job whose state is gone is unknown, to readers and writers, whatever is left of its log", async () => {
  const owner = await writer.newUser();
  const jobId = await newJob(owner, { isFinished: false });
  await admin.del(jobStateKey(jobId));
  await using server = await startReader();
  using stream = watchJob(server.client(owner.token), { jobId });
  expect((await stream.error()).data).toMatchObject({ code: "NOT_FOUND" });
  expect(await refusalOf(publish(jobId, 3))).toMatchObject({ code: "NOT_FOUND" });
});

test("a feed without its log tells a gap with the jobs, then what follows", async () => {
  await using server = await startReader();
  const owner = await writer.newUser();
  const jobId = await newJob(owner, { isFinished: false });
  await admin.del(redisKeys.log(feedTopic(owner.sub)));
  using feed = watchFeed(server.client(owner.token));
  const [gap] = await feed.first(1);
  expect(gap?.data).toMatchObject({ type: "stream.gap", snapshot: [{ id: jobId }] });
  await publish(jobId, 3);
  expect((await feed.first(2))[1]?.data).toMatchObject({ type: "build.progress", percent: 3 });
});
