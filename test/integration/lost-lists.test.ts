import { Redis } from "ioredis";
import { afterAll, beforeEach, expect, test } from "vitest";
import { queueOf } from "../../server/src/jobs/job-filter.js";
import { eventually } from "../contract/store-fixtures.js";
import { jobIndexKey, jobScope, jobStateKey } from "../support/job-places.js";
import { RedisCommands } from "../support/redis-commands.js";
import { redisKeys } from "../support/redis-keys.js";
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

const waitingIndex = jobIndexKey(queueOf("p"));
const dueIndex = redisKeys.due(jobScope);

/** Two jobs that wait, one that a worker has, one that has failed. */
async function startWithJobs() {
  const server = await startTestServer({ REDIS_URL: redis.url });
  const [alice, service] = await Promise.all([server.newUser(), server.newService()]);
  const create = async () => (await alice.client.jobs.create.mutate({ pipeline: "p" })).id;
  const [first, second, claimed, failed] = [await create(), await create(), await create(), await create()];
  await service.client.work.claim.mutate({ jobId: claimed, workerId: "w" });
  await service.client.jobs.transition.mutate({ jobId: failed, to: "failed" });
  return { server, alice, service, waiting: [first, second], claimed, failed };
}

const calls = async (command: string) =>
  Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await admin.info("commandstats"))?.[1] ?? 0);

const waitingFor = async (service: Caller) =>
  (await service.client.work.waiting.query({ pipelines: ["p"] })).items.map(({ jobId }) => jobId);

test.each([
  ["the list of waiting work", () => admin.del(waitingIndex)],
  ["a part of it", () => admin.zremrangebyrank(waitingIndex, 0, 0)],
  ["the list of what is due", () => admin.del(waitingIndex, dueIndex)],
  ["every list", async () => admin.del(...(await admin.keys("jw:*:i:*")), dueIndex)],
])("queued work is found again when %s is gone", async (_, lose) => {
  const { server, service, waiting } = await startWithJobs();
  await using _server = server;
  await lose();
  await eventually(async () => expect(await waitingFor(service)).toEqual(waiting));
});

test("queued work is found again when its list is gone and another job is listed before anybody looks", async () => {
  const { server, alice, service, waiting } = await startWithJobs();
  await using _server = server;
  await admin.del(waitingIndex);
  const { id } = await alice.client.jobs.create.mutate({ pipeline: "p" });
  await eventually(async () => expect(await waitingFor(service)).toEqual([...waiting, id]));
});

test("queued work is found again by the next server when all that lists it is gone, counts and all", async () => {
  const { server, service, alice, waiting, claimed, failed } = await startWithJobs();
  await server[Symbol.asyncDispose]();
  const lists = await admin.keys("jw:*:i:*");
  await admin.del(...lists, dueIndex, redisKeys.counts(jobScope));
  await using other = await startTestServer({ REDIS_URL: redis.url });
  const client = other.client(service.token);
  await eventually(async () =>
    expect((await client.work.waiting.query({ pipelines: ["p"] })).items.map(({ jobId }) => jobId)).toEqual(
      waiting,
    ),
  );
  // The list of what waits may be whole before the others are.
  await eventually(async () => {
    const { items } = await other.client(alice.token).jobs.list.query();
    expect(items.map(({ id }) => id)).toEqual([failed, claimed, ...waiting.toReversed()]);
    const counts = await other.client(alice.token).jobs.counts.query();
    expect(counts).toMatchObject({ queued: 2, starting: 1, failed: 1, ready: 0 });
  });
});

test("a lease runs out although the list of what is due was lost", async () => {
  const { server, alice, service, waiting } = await startWithJobs();
  await using _server = server;
  const [jobId = ""] = waiting;
  await service.client.work.claim.mutate({ jobId, workerId: "dead", leaseMs: 1000 });
  await admin.del(dueIndex);
  await eventually(async () =>
    expect(await alice.client.jobs.get.query({ jobId })).toMatchObject({ status: "failed" }),
  );
});

test("a count is right again although what was listed is gone like its list, and nothing more is looked for", async () => {
  const { server, alice, failed } = await startWithJobs();
  await using _server = server;
  await using commands = await RedisCommands.watch(redis.url);
  const scans = () => commands.count(/^scan$/i, redisKeys.statePattern({ scope: jobScope, key: "" }));
  await admin.del(...(await admin.keys(jobIndexKey("*failed*"))));
  await alice.client.jobs.remove.mutate({ jobId: failed });
  await eventually(async () => {
    await alice.client.jobs.list.query({ status: ["failed"] });
    expect(await alice.client.jobs.counts.query()).toMatchObject({ failed: 0, queued: 2 });
  });
  const looked = await scans();
  expect(looked).toBeGreaterThan(0);
  for (let look = 0; look < 3; look++) await alice.client.jobs.list.query({ status: ["failed"] });
  expect(await scans()).toBe(looked);
});

test("a job that is listed although it is gone is listed no more", async () => {
  const { server, alice, service, waiting } = await startWithJobs();
  await using _server = server;
  const [gone = "", left] = waiting;
  await admin.del(jobStateKey(gone));
  expect(await waitingFor(service)).toEqual([left]);
  expect((await alice.client.jobs.list.query({ status: ["queued"] })).items.map(({ id }) => id)).toEqual([
    left,
  ]);
  expect(await alice.client.jobs.counts.query()).toMatchObject({ queued: 1 });
});

test("nothing is read of all jobs as long as nothing is lost", { timeout: 60_000 }, async () => {
  const { server } = await startWithJobs();
  await using _server = server;
  const looks = async (count: number) => {
    const before = await calls("zrangebyscore");
    // Each definition looks every five seconds.
    await eventually(
      async () => expect((await calls("zrangebyscore")) - before).toBeGreaterThan(count),
      20_000,
    );
  };
  // Those who find nothing at first look once whether that is so.
  await looks(8);
  const scans = await calls("scan");
  await looks(8);
  expect(await calls("scan")).toBe(scans);
});
