import { Redis } from "ioredis";
import { describe, expect, test, vi } from "vitest";
import { watchFeed, watchJob, watchOutput } from "../support/collect.js";
import { startRedis } from "../support/redis-server.js";
import { describeRefusal, refusalOf } from "../support/test-client.js";
import { describeOnEachStore, startTestServer, type TestServer } from "../support/test-server.js";

const patience = { timeout: 20_000, interval: 50 };

/** O2's promise, and what a timer and a loaded machine may add. */
const refusalWithinMs = 2000 + 200;

async function statusOf(server: TestServer, path: "healthz" | "readyz"): Promise<number> {
  return (await fetch(`${server.url}/${path}`)).status;
}

async function becomesReady(server: TestServer): Promise<void> {
  await vi.waitFor(async () => expect(await statusOf(server, "readyz")).toBe(200), patience);
}

/** Every kind of call is refused as unavailable, and fast. */
async function expectUnavailable(server: TestServer): Promise<void> {
  const { client } = await server.newService();
  const event = { type: "build.progress", stage: "code", percent: 1 } as const;
  const calls: Record<string, () => Promise<unknown>> = {
    "jobs.create": () => client.jobs.create.mutate({}),
    "jobs.create with a pipeline": () => client.jobs.create.mutate({ pipeline: "any" }),
    "jobs.get": () => client.jobs.get.query({ jobId: "any" }),
    "jobs.list": () => client.jobs.list.query(),
    "jobs.transition": () => client.jobs.transition.mutate({ jobId: "any", to: "failed" }),
    "jobs.publish": () => client.jobs.publish.mutate({ jobId: "any", event }),
    "jobs.counts": () => client.jobs.counts.query(),
    "jobs.cancel": () => client.jobs.cancel.mutate({ jobId: "any" }),
    "jobs.rerun": () => client.jobs.rerun.mutate({ jobId: "any" }),
    "jobs.remove": () => client.jobs.remove.mutate({ jobId: "any" }),
    "work.write": () =>
      client.work.write.mutate({
        jobId: "any",
        pieces: [{ stage: "code", attempt: 1, stream: "stdout", text: "x" }],
      }),
    "work.offer": () => client.work.offer.mutate({ workerId: "me", host: "here", pipelines: ["any"] }),
    "workers.list": () => client.workers.list.query(),
    "pipelines.list": () => client.pipelines.list.query(),
    "work.waiting": () => client.work.waiting.query({ pipelines: ["any"] }),
    "work.claim": () => client.work.claim.mutate({ jobId: "any", workerId: "me" }),
  };
  const refusals = Object.entries(calls).map(async ([path, call]) => {
    const start = performance.now();
    const refusal = await refusalOf(call());
    expect(refusal, path).toMatchObject({
      code: "SERVICE_UNAVAILABLE",
      reason: "STORE_UNAVAILABLE",
      status: 503,
    });
    expect(performance.now() - start, path).toBeLessThan(refusalWithinMs);
  });
  await Promise.all(refusals);
  for (const stream of [
    watchFeed(client),
    watchJob(client, { jobId: "any" }),
    watchOutput(client, { jobId: "any" }),
  ]) {
    const start = performance.now();
    expect(describeRefusal(await stream.retriedError())).toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    expect(performance.now() - start).toBeLessThan(refusalWithinMs);
    stream.unsubscribe();
  }
}

describeOnEachStore("health", (store) => {
  test("a server that can work is alive and ready, and says so without a token", async () => {
    await using server = await store.start();
    const alive = await fetch(`${server.url}/healthz`);
    expect([alive.status, await alive.json()]).toEqual([200, { status: "ok" }]);
    const ready = await fetch(`${server.url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([200, expect.objectContaining({ status: "ready" })]);
  });
});

describe("without Redis", () => {
  test("a server starts although Redis is away, refuses calls fast, and works once Redis is there", async () => {
    await using redis = await startRedis();
    await redis.kill();
    await using server = await startTestServer({ REDIS_URL: redis.url });
    const { client } = await server.newUser();
    expect(await statusOf(server, "healthz")).toBe(200);
    expect(await statusOf(server, "readyz")).toBe(503);
    await expectUnavailable(server);
    using impatient = watchFeed(client);
    await impatient.retriedError();

    await redis.restart();
    await becomesReady(server);
    const job = await client.jobs.create.mutate({});
    expect((await impatient.first(1))[0]?.data).toMatchObject({ jobId: job.id });
  });

  test("Redis that goes away makes the server unready, not dead; when it is back everything works again", async () => {
    await using redis = await startRedis();
    await using server = await startTestServer({ REDIS_URL: redis.url });
    const service = await server.newService();
    await service.client.jobs.create.mutate({});
    using feed = watchFeed(service.client);
    await feed.first(1);

    await redis.kill();
    await vi.waitFor(async () => expect(await statusOf(server, "readyz")).toBe(503), patience);
    expect(await statusOf(server, "healthz")).toBe(200);
    await expectUnavailable(server);

    await redis.restart(); // empty: what it held is gone
    await becomesReady(server);
    const [, gap] = await feed.first(2);
    expect(gap?.data).toMatchObject({ type: "stream.gap", reason: "log-lost", from: feed.ids[0] });
    const job = await service.client.jobs.create.mutate({});
    await feed.until((event) => event.type === "build.stage.started" && event.jobId === job.id);
  });

  test("Redis that hangs is as good as away", async () => {
    await using redis = await startRedis();
    await using server = await startTestServer({ REDIS_URL: redis.url });
    const { client } = await server.newService();
    const job = await client.jobs.create.mutate({});
    const operator = new Redis(redis.url, { retryStrategy: null });
    operator.on("error", () => {}); // it is left alone when Redis goes
    await operator.call("CLIENT", "PAUSE", "60000", "ALL");
    try {
      await expectUnavailable(server);
      const start = performance.now();
      expect((await refusalOf(client.jobs.get.query({ jobId: job.id }))).code).toBe("SERVICE_UNAVAILABLE");
      expect(performance.now() - start).toBeLessThan(refusalWithinMs);
      expect(await statusOf(server, "readyz")).toBe(503);
      expect(await statusOf(server, "healthz")).toBe(200);
    } finally {
      operator.disconnect();
    }
  });
});
