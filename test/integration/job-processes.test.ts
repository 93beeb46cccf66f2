import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll, expect, test } from "vitest";
import { watchJob } from "../support/collect.js";
import { startRedis } from "../support/redis-server.js";
import { startTestServer } from "../support/test-server.js";

/** Two servers on one Redis: what happens by itself or to many at once happens once. */

const redis = await startRedis();
const servers = await Promise.all([1, 2].map(() => startTestServer({ REDIS_URL: redis.url })));
const [first, second] = servers;
if (!first || !second) throw new Error("There are two servers.");
afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

test("jobs for later are queued at their time, each once", async () => {
  const alice = await first.newUser();
  // Time enough for all to be created before it.
  const runAt = new Date(Date.now() + 3000);
  const jobs = await Promise.all(
    Array.from({ length: 30 }, () => alice.client.jobs.create.mutate({ pipeline: "later", runAt })),
  );
  const streams = jobs.map(({ id }) => watchJob(second.client(alice.token), { jobId: id }));
  for (const stream of streams) await stream.first(3);
  expect(await alice.client.jobs.counts.query({ pipeline: "later" })).toMatchObject({
    queued: 30,
    scheduled: 0,
  });
  for (const stream of streams) {
    expect(stream.events.map((event) => "stage" in event && `${event.type} ${event.stage}`)).toEqual([
      "build.stage.started scheduled",
      "build.stage.completed scheduled",
      "build.stage.started queued",
    ]);
    stream[Symbol.dispose]();
  }
});

test("of 200 workers who want the same jobs each job is one's", async () => {
  const [alice, service] = [await first.newUser(), await first.newService()];
  const count = 100;
  const ids = await Promise.all(
    Array.from(
      { length: count },
      async () => (await alice.client.jobs.create.mutate({ pipeline: "crowd" })).id,
    ),
  );
  const claimed = new Map<string, string>();
  const clients = servers.map((server) => server.client(service.token));
  await Promise.all(
    Array.from({ length: 200 }, async (_, number) => {
      const client = clients[number % 2] ?? service.client;
      const workerId = `worker-${number}`;
      // Each begins elsewhere and tries four: twice as many tries for each job as there are workers.
      for (let step = 0; step < 4; step++) {
        const jobId = ids[(number * 7 + step * 25) % count] ?? "";
        const [claim] = await Promise.allSettled([client.work.claim.mutate({ jobId, workerId })]);
        if (claim.status === "rejected") {
          expect(claim.reason).toMatchObject({ data: { code: "CONFLICT" } });
          continue;
        }
        expect(claimed.has(jobId)).toBe(false);
        claimed.set(jobId, workerId);
      }
    }),
  );
  expect(claimed.size).toBe(count);
  for (const [jobId, workerId] of claimed)
    expect(await alice.client.jobs.get.query({ jobId })).toMatchObject({ workerId, status: "starting" });
  expect((await service.client.work.waiting.query({ pipelines: ["crowd"] })).items).toEqual([]);
});

test("a job is cancelled through one server while the other ends it: one outcome, and both say it", async () => {
  const [alice, service] = [await first.newUser(), await second.newService()];
  for (let round = 0; round < 10; round++) {
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    const outcomes = await Promise.allSettled([
      alice.client.jobs.cancel.mutate({ jobId }),
      service.client.jobs.transition.mutate({ jobId, to: "failed", message: "no" }),
    ]);
    const won = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    expect(won).toHaveLength(1);
    const { outcome, message } = await service.client.jobs.get.query({ jobId });
    expect(won[0]).toMatchObject({ outcome, message });
    using stream = watchJob(second.client(alice.token), { jobId });
    expect((await stream.completed()).at(-1)).toMatchObject({ outcome, message });
  }
});

test("a worker's offer is seen by both, and goes when the worker says nothing more", async () => {
  const service = await first.newService();
  const offer = { workerId: "w", host: "h", pipelines: ["offered"], leaseMs: 1000 };
  await service.client.work.offer.mutate(offer);
  const other = second.client(service.token);
  expect(await other.workers.list.query()).toMatchObject([{ workerId: "w", projects: [], running: 0 }]);
  await expect.poll(() => other.workers.list.query(), { timeout: 10_000 }).toEqual([]);
  // It was busy, and is there after all.
  await service.client.work.offer.mutate(offer);
  expect(await other.workers.list.query()).toMatchObject([{ workerId: "w" }]);
});

test("a worker that was taken for gone and offers again stays", async () => {
  const service = await first.newService();
  const [back, gone] = [newWorker("back"), newWorker("gone")];
  for (const worker of [back, gone]) await service.client.work.offer.mutate({ ...worker, leaseMs: 1000 });
  const admin = new Redis(redis.url);
  const recordOf = ({ workerId }: { readonly workerId: string }) =>
    admin.hgetall(`jw:{topic%3Aworker}:s:["${workerId}"]`);
  const before = (await service.client.workers.list.query()).find(({ host }) => host === "back");
  const patience = { timeout: 20_000, interval: 10 };
  await expect.poll(async () => (await recordOf(back)).ended, patience).toBe("1");
  await service.client.work.offer.mutate(back);
  await expect.poll(async () => Object.keys(await recordOf(gone)), patience).toEqual([]);
  const listed = await second.client(service.token).workers.list.query();
  expect(listed.map(({ host }) => host)).toEqual(["back"]);
  expect(listed[0]?.since.getTime()).toBeGreaterThan(before?.since.getTime() ?? Infinity);
  admin.disconnect();
});

function newWorker(host: string) {
  return { workerId: `${host}-${randomUUID()}`, host, pipelines: ["any"] };
}
