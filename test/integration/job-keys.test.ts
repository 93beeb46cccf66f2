import { jobStageLabels, type Job } from "@jobwire/shared";
import { Redis } from "ioredis";
import superjson from "superjson";
import { afterAll, beforeEach, expect, test } from "vitest";
import { storedJob } from "../../server/src/jobs/stored-job.js";
import { watchJob, watchOutput } from "../support/collect.js";
import {
  jobIndexKey,
  jobScope,
  jobStateKey,
  nameOfJob,
  readJobState,
  topicOfJob,
} from "../support/job-places.js";
import { redisKeys } from "../support/redis-keys.js";
import { startRedis } from "../support/redis-server.js";
import { startTestServer } from "../support/test-server.js";

const redis = await startRedis();
const admin = new Redis(redis.url);
afterAll(async () => {
  admin.disconnect();
  await redis[Symbol.asyncDispose]();
});
beforeEach(() => admin.flushall());

const keysOf = async (jobId: string) => (await admin.keys(`*${jobId}*`)).toSorted();
const ownKeys = (jobId: string) => {
  const topic = topicOfJob(jobId);
  return [redisKeys.head(topic), redisKeys.log(topic), jobStateKey(jobId)].toSorted();
};

test("a job that waits has a state, a log and where it ends, and in them nothing that is empty", async () => {
  await using server = await startTestServer({ REDIS_URL: redis.url });
  const { client } = await server.newUser();
  const { id } = await client.jobs.create.mutate({ title: "Site", pipeline: "p" });
  expect(await keysOf(id)).toEqual(ownKeys(id));
  const state = await admin.hgetall(jobStateKey(id));
  expect(Object.keys(state).toSorted()).toEqual(["at", "listed", "revision", "search", "state"]);
  expect(state.state).not.toContain("null");
  expect(state.state).not.toContain(id);
  expect(Object.keys(await admin.hgetall(redisKeys.head(topicOfJob(id)))).toSorted()).toEqual([
    "epoch",
    "offset",
    "written",
  ]);
  const [[, fields] = []] = await admin.xrange(redisKeys.log(topicOfJob(id)), "-", "+");
  expect(fields?.filter((_, index) => index % 2 === 0)).toEqual(["type", "body", "w"]);
  const lists = await admin.keys("*}:i:*");
  const jobLists = lists.filter((key) => key.startsWith(`jw:{${encodeURIComponent(jobScope)}}`));
  expect(jobLists).toHaveLength(4);
  for (const key of jobLists) expect((await admin.zrange(key, "0", "-1")).join().split(id).length).toBe(2);
});

test("a job that is removed leaves no key", async () => {
  await using server = await startTestServer({ REDIS_URL: redis.url });
  const { client } = await server.newUser();
  const { id: jobId } = await client.jobs.create.mutate({});
  await client.jobs.cancel.mutate({ jobId });
  await client.jobs.remove.mutate({ jobId });
  expect(await keysOf(jobId)).toEqual([]);
});

test("an output that is read before anything is written ends with its job, over two servers", async () => {
  await using reading = await startTestServer({ REDIS_URL: redis.url });
  await using ending = await startTestServer({ REDIS_URL: redis.url });
  const { client } = await reading.newUser();
  const service = await ending.newService();
  for (let round = 0; round < 20; round++) {
    const { id: jobId } = await client.jobs.create.mutate({});
    // The job ends while the stream is opened, before, or after it.
    const ended = service.client.jobs.transition.mutate({ jobId, to: "failed" });
    using output = watchOutput(client, { jobId });
    await ended;
    expect((await output.completed()).map(({ type }) => type)).toEqual(["output.ended"]);
  }
});

test("what is kept of a job is read as that job", () => {
  const at = new Date("2026-11-28T01:02:03.004Z");
  const empty = {
    title: null,
    pipeline: null,
    project: null,
    workerId: null,
    leaseExpiresAt: null,
    outcome: null,
  };
  const job: Job = {
    ...empty,
    id: "j",
    ownerId: "null",
    status: "code",
    stageLabel: "As it was called before",
    message: "",
    metadata: { null: "null", "2026": at.toISOString() },
    attempt: 1,
    stages: [
      { stage: "queued", attempt: 1, startedAt: at, endedAt: at, durationMs: 0, outcome: "completed" },
      {
        stage: "code",
        attempt: 1,
        startedAt: at,
        endedAt: null,
        durationMs: null,
        outcome: null,
        percent: 0,
      },
    ],
    runAt: null,
    rerunOf: null,
    rerunAs: null,
    waitingFor: null,
    queuePosition: null,
    createdAt: at,
    updatedAt: at,
  };
  const whole = {
    ...job,
    title: "t",
    pipeline: "p",
    workerId: "w",
    leaseExpiresAt: at,
    runAt: at,
    rerunOf: "o",
  };
  const usual: Job = { ...whole, stageLabel: jobStageLabels.code, message: jobStageLabels.code };
  for (const one of [job, whole, usual])
    expect(readJobState("j", { state: superjson.stringify(storedJob.write(one)) })).toEqual(one);
});

test("a job as it was kept before 1.0 is found, listed and counted, goes on, and is kept as all are then", async () => {
  await using server = await startTestServer({ REDIS_URL: redis.url });
  const [alice, service] = [await server.newUser(), await server.newService()];
  const job = await alice.client.jobs.create.mutate({ title: "Old Site", project: "shop" });
  await keepAsBefore(job);
  const { client } = alice;
  for (const filter of [{}, { search: "old s" }, { search: job.id.slice(-12) }, { project: "shop" }]) {
    const { items } = await client.jobs.list.query(filter);
    expect(items).toEqual([job]);
    expect((await client.jobs.counts.query(filter)).queued).toBe(1);
  }
  expect(await client.jobs.get.query({ jobId: job.id })).toEqual(job);
  await service.client.jobs.transition.mutate({ jobId: job.id, to: "failed" });
  using stream = watchJob(client, { jobId: job.id });
  expect((await stream.completed()).map(({ type }) => type)).toEqual([
    "build.stage.started",
    "build.stage.completed",
    "build.stage.started",
  ]);
  expect((await client.jobs.list.query({ search: job.id.slice(-12) })).items).toMatchObject([{ id: job.id }]);
  const counts = await admin.hgetall(redisKeys.counts(jobScope));
  expect(Object.values(counts).toSorted()).toEqual(["1", "1", "1"]);
  expect(await admin.exists(redisKeys.index(jobScope, "all"))).toBe(0);
});

/** In the places and words of before. */
async function keepAsBefore(job: Job): Promise<void> {
  const { id, ownerId } = job;
  const search = `\n${id}\nold site\n\nHDGIGPHAAK`;
  const member = `${nameOfJob(id)}\u0001\n${search}`;
  const listed = [`owner/${ownerId}/queued`, "all/queued"];
  for (const index of listed) {
    await admin.del(jobIndexKey(index));
    await admin.zadd(jobIndexKey(index), 0, member);
  }
  await admin.zadd(redisKeys.index(jobScope, "all"), 0, member);
  await admin.hset(redisKeys.counts(jobScope), "all", "1");
  await admin.hset(jobStateKey(id), {
    key: superjson.stringify({ jobId: id }),
    state: superjson.stringify(job),
    ended: "",
    listed: JSON.stringify(["all", ...listed.map((index) => `by ${index}`)]),
    dueMs: "",
    search,
  });
  const topic = topicOfJob(id);
  const [[entry, fields] = []] = await admin.xrange(redisKeys.log(topic), "-", "+");
  const body = fields?.[fields.indexOf("body") + 1] ?? "";
  await admin.del(redisKeys.log(topic));
  await admin.xadd(
    redisKeys.log(topic),
    entry ?? "",
    "type",
    "build.stage.started",
    "body",
    body,
    "last",
    "0",
    "written",
    `${body.length}`,
  );
  await admin.hset(redisKeys.head(topic), { closed: "0", dropped: "0" });
}
