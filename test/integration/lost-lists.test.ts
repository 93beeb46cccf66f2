import { Redis } from "ioredis";
import { afterAll, beforeEach, expect, test } from "vitest";
import { jobKey, jobsIndex, openWork, ownerRecordKey, ownerScope } from "../../server/src/jobs/job-keys.js";
import { redisKeys } from "../support/redis-keys.js";
import { eventually } from "../contract/store-fixtures.js";
import { startRedis } from "../support/redis-server.js";
import { startTestServer, type Caller } from "../support/test-server.js";

/** Lists may be evicted or deleted like anything else; the jobs they lead to are there all the same. */

const redis = await startRedis();
const admin = new Redis(redis.url);
afterAll(async () => {
  admin.disconnect();
  await redis[Symbol.asyncDispose]();
});
beforeEach(() => admin.flushall());

const workIndex = redisKeys.index(openWork.scope, openWork.index);
const entryOf = (jobId: string) => redisKeys.state({ scope: openWork.scope, key: jobKey(jobId) });

/** Two jobs that wait, one that a worker has, one that has failed. */
async function startWithJobs() {
  const server = await startTestServer({ REDIS_URL: redis.url });
  const [alice, service] = await Promise.all([server.newUser(), server.newService()]);
  const create = async () => (await alice.client.jobs.create.mutate({ pipeline: "p" })).id;
  const [first, second, claimed, failed] = [await create(), await create(), await create(), await create()];
  await service.client.work.claim.mutate({ jobId: claimed, workerId: "w" });
  await service.client.jobs.transition.mutate({ jobId: failed, to: "failed" });
  // The list counts as complete once it has been looked through.
  await eventually(async () => expect(await admin.zcard(workIndex)).toBe(4));
  return { server, alice, service, waiting: [first, second], claimed, failed };
}

const waitingFor = async (service: Caller) =>
  (await service.client.work.waiting.query({ pipelines: ["p"] })).items.map(({ jobId }) => jobId);

test.each([
  ["the list of waiting work", () => admin.del(workIndex)],
  [
    "the list of waiting work and all its entries",
    async () => admin.del(workIndex, ...(await admin.keys("jw:{work}:s:*"))),
  ],
])("queued work is found again when %s is gone", async (_, lose) => {
  const { server, service, waiting, claimed } = await startWithJobs();
  await using _server = server;
  await lose();
  await eventually(async () => expect(await waitingFor(service)).toEqual(waiting));
  expect(await admin.zscore(workIndex, jobKey(claimed))).not.toBeNull();
  expect(await admin.zcard(workIndex)).toBe(4);
});

test("queued work is found again when its entry alone is gone", async () => {
  const { server, service, waiting } = await startWithJobs();
  await using _server = server;
  await admin.del(entryOf(waiting[0] ?? ""));
  await eventually(async () => expect(await waitingFor(service)).toEqual(waiting));
});

test("a job whose owner's record is gone is found again with the list of waiting work", async () => {
  const { server, alice, waiting } = await startWithJobs();
  await server[Symbol.asyncDispose]();
  const [jobId = ""] = waiting;
  await admin.del(redisKeys.state(ownerRecordKey(jobId)), workIndex);
  await using other = await startTestServer({ REDIS_URL: redis.url });
  const client = other.client(alice.token);
  await eventually(async () => expect(await client.jobs.get.query({ jobId })).toMatchObject({ id: jobId }));
});

test("a list of jobs that is gone is put back by the next change of each, and by the repair", async () => {
  const { server, alice, service, waiting, claimed, failed } = await startWithJobs();
  await using _server = server;
  await admin.del(redisKeys.index(ownerScope(alice.sub), jobsIndex));
  const listed = async () => (await alice.client.jobs.list.query()).items.map(({ id }) => id);
  expect(await listed()).toEqual([]);
  await service.client.jobs.transition.mutate({ jobId: claimed, to: "scaffold" });
  expect(await listed()).toEqual([claimed]);
  await admin.del(workIndex);
  await eventually(async () => expect(await listed()).toEqual([failed, claimed, ...waiting.toReversed()]));
});

test("nothing is read of all jobs as long as nothing is lost", async () => {
  const { server } = await startWithJobs();
  await using _server = server;
  const scans = async () =>
    Number(/cmdstat_scan:calls=(\d+)/.exec(await admin.info("commandstats"))?.[1] ?? 0);
  const before = await scans();
  const sweeps = async () =>
    Number(/cmdstat_zrangebylex:calls=(\d+)/.exec(await admin.info("commandstats"))?.[1] ?? 0);
  const from = await sweeps();
  await eventually(async () => expect((await sweeps()) - from).toBeGreaterThan(2));
  expect(await scans()).toBe(before);
});
