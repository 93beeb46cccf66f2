import { randomUUID } from "node:crypto";
import { assert, expect, test } from "vitest";
import { watchJob, watchWork } from "../support/collect.js";
import { refusalOf } from "../support/test-client.js";
import { describeOnEachStore, type TestServer } from "../support/test-server.js";

/** A pipeline nobody else offers, with one user and one service. */
async function startShop(server: TestServer) {
  const pipeline = `p-${randomUUID()}`;
  const owner = await server.newUser();
  const service = await server.newService();
  const createJob = async () => (await owner.client.jobs.create.mutate({ pipeline })).id;
  return { pipeline, owner, service, createJob };
}

describeOnEachStore("work", (store) => {
  test("waiting jobs of the pipelines asked for are named, oldest first", async () => {
    await using server = await store.start();
    const { pipeline, owner, service, createJob } = await startShop(server);
    const other = `other-${randomUUID()}`;
    const first = await createJob();
    const foreign = (await owner.client.jobs.create.mutate({ pipeline: other })).id;
    const second = await createJob();
    await owner.client.jobs.create.mutate({});
    const waiting = (pipelines: string[], limit?: number) =>
      service.client.work.waiting.query({ pipelines, ...(limit !== undefined && { limit }) });
    expect(await waiting([pipeline])).toEqual({
      items: [first, second].map((jobId) => ({ jobId, pipeline })),
    });
    expect((await waiting([pipeline, other])).items.map(({ jobId }) => jobId)).toEqual([
      first,
      foreign,
      second,
    ]);
    expect((await waiting([pipeline], 1)).items.map(({ jobId }) => jobId)).toEqual([first]);
    expect(await waiting([`none-${randomUUID()}`])).toEqual({ items: [] });
  });

  test("a claim is the transition to starting and has a lease", async () => {
    await using server = await store.start();
    const { pipeline, owner, service, createJob } = await startShop(server);
    const jobId = await createJob();
    const before = Date.now();
    const job = await service.client.work.claim.mutate({ jobId, workerId: "worker 1", leaseMs: 60_000 });
    expect(job).toMatchObject({ id: jobId, status: "starting", workerId: "worker 1" });
    assert(job.leaseExpiresAt);
    expect(job.leaseExpiresAt.getTime()).toBeGreaterThanOrEqual(before + 60_000);
    expect(job.leaseExpiresAt.getTime()).toBeLessThanOrEqual(Date.now() + 60_000);
    expect(await service.client.work.waiting.query({ pipelines: [pipeline] })).toEqual({ items: [] });
    using stream = watchJob(owner.client, { jobId });
    const [, , started] = await stream.first(3);
    expect(started?.data).toMatchObject({ type: "build.stage.started", stage: "starting" });
  });

  test("of twenty workers who claim a job at once exactly one gets it", async () => {
    await using server = await store.start();
    const { owner, service, createJob } = await startShop(server);
    const jobId = await createJob();
    const settled = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        service.client.work.claim.mutate({ jobId, workerId: `worker ${index}` }),
      ),
    );
    const won = settled.flatMap((call) => (call.status === "fulfilled" ? [call.value] : []));
    expect(won).toHaveLength(1);
    for (const call of settled) {
      if (call.status === "rejected") expect(call.reason).toMatchObject({ data: { code: "CONFLICT" } });
    }
    expect(await owner.client.jobs.get.query({ jobId })).toEqual(won[0]);
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    using stream = watchJob(owner.client, { jobId });
    expect(await stream.completed()).toHaveLength(5);
  });

  test("who holds a claim may renew it, nobody else", async () => {
    await using server = await store.start();
    const { owner, service, createJob } = await startShop(server);
    const jobId = await createJob();
    const unclaimed = await refusalOf(service.client.work.renew.mutate({ jobId, workerId: "worker 1" }));
    expect(unclaimed).toMatchObject({ code: "CONFLICT", reason: "LEASE_NOT_HELD" });
    const claimed = await service.client.work.claim.mutate({ jobId, workerId: "worker 1", leaseMs: 1000 });
    const { leaseExpiresAt } = await service.client.work.renew.mutate({
      jobId,
      workerId: "worker 1",
      leaseMs: 60_000,
    });
    expect(leaseExpiresAt.getTime()).toBeGreaterThan(claimed.leaseExpiresAt?.getTime() ?? Infinity);
    const job = await owner.client.jobs.get.query({ jobId });
    expect(job).toEqual({ ...claimed, leaseExpiresAt });

    const foreign = await refusalOf(service.client.work.renew.mutate({ jobId, workerId: "worker 2" }));
    expect(foreign).toMatchObject({ code: "CONFLICT", reason: "LEASE_NOT_HELD" });
    expect(foreign.message).toContain("worker 2");
    expect((await owner.client.jobs.get.query({ jobId })).leaseExpiresAt).toEqual(leaseExpiresAt);
  });

  test("a finished job has no lease and none can be renewed", async () => {
    await using server = await store.start();
    const { service, createJob } = await startShop(server);
    const jobId = await createJob();
    await service.client.work.claim.mutate({ jobId, workerId: "worker 1" });
    const job = await service.client.jobs.transition.mutate({
      jobId,
      to: "failed",
      message: "no such branch",
    });
    expect(job).toMatchObject({ leaseExpiresAt: null, workerId: "worker 1" });
    const refusal = await refusalOf(service.client.work.renew.mutate({ jobId, workerId: "worker 1" }));
    expect(refusal).toMatchObject({ code: "CONFLICT", reason: "LEASE_NOT_HELD" });
  });

  test("a job without a pipeline is driven from outside: it does not wait and cannot be claimed", async () => {
    await using server = await store.start();
    const { owner, service } = await startShop(server);
    const { id: jobId } = await owner.client.jobs.create.mutate({});
    const refusal = await refusalOf(service.client.work.claim.mutate({ jobId, workerId: "worker 1" }));
    expect(refusal).toMatchObject({ code: "CONFLICT", reason: "JOB_NOT_CLAIMABLE" });
    expect((await owner.client.jobs.get.query({ jobId })).status).toBe("queued");
  });

  test("a job that is not queued cannot be claimed", async () => {
    await using server = await store.start();
    const { pipeline, service, createJob } = await startShop(server);
    const jobId = await createJob();
    await service.client.jobs.transition.mutate({ jobId, to: "scheduled" });
    expect(await service.client.work.waiting.query({ pipelines: [pipeline] })).toEqual({ items: [] });
    const refusal = await refusalOf(service.client.work.claim.mutate({ jobId, workerId: "worker 1" }));
    expect(refusal).toMatchObject({ code: "CONFLICT", reason: "TRANSITION_INVALID" });
    await service.client.jobs.transition.mutate({ jobId, to: "queued" });
    expect((await service.client.work.waiting.query({ pipelines: [pipeline] })).items).toEqual([
      { jobId, pipeline },
    ]);
  });

  test("who watches a pipeline hears of its new jobs and of those that wait again", async () => {
    await using server = await store.start();
    const { pipeline, owner, service, createJob } = await startShop(server);
    await createJob();
    using watch = watchWork(service.client, { pipeline });
    await watch.connected();
    await owner.client.jobs.create.mutate({ pipeline: `other-${randomUUID()}` });
    const jobId = await createJob();
    const [heard] = await watch.first(1);
    expect(heard?.data).toEqual({ type: "work.waiting", timestamp: expect.any(Date), jobId, pipeline });
    await service.client.jobs.transition.mutate({ jobId, to: "scheduled" });
    await service.client.jobs.transition.mutate({ jobId, to: "queued" });
    const [, again] = await watch.first(2);
    expect(again?.data).toMatchObject({ type: "work.waiting", jobId });

    using resumed = watchWork(service.client, { pipeline, lastEventId: heard?.id });
    expect(await resumed.first(1)).toEqual([again]);
  });

  test("a job whose lease runs out fails and says so; one whose lease is renewed goes on", async () => {
    await using server = await store.start();
    const { owner, service, createJob } = await startShop(server);
    const [dead, alive, unclaimed] = [await createJob(), await createJob(), await createJob()];
    for (const jobId of [dead, alive]) {
      await service.client.work.claim.mutate({ jobId, workerId: "worker 1", leaseMs: 1000 });
    }
    await service.client.work.renew.mutate({ jobId: alive, workerId: "worker 1", leaseMs: 60_000 });
    await service.client.jobs.transition.mutate({ jobId: dead, to: "scaffold" });
    using stream = watchJob(owner.client, { jobId: dead });
    const last = (await stream.completed()).at(-1);
    expect(last).toMatchObject({ type: "build.stage.started", stage: "failed" });
    assert(last?.type === "build.stage.started");
    expect(last.message).toMatch(/\blease\b/);
    expect(last.message).toContain("worker 1");
    expect(last.message).toContain("scaffold");
    expect(await owner.client.jobs.get.query({ jobId: dead })).toMatchObject({
      status: "failed",
      message: last.message,
      leaseExpiresAt: null,
    });
    expect((await owner.client.jobs.get.query({ jobId: alive })).status).toBe("starting");
    expect((await owner.client.jobs.get.query({ jobId: unclaimed })).status).toBe("queued");
  });

  test("a lease is between one second and ten minutes", async () => {
    await using server = await store.start();
    const { service, createJob } = await startShop(server);
    const jobId = await createJob();
    for (const leaseMs of [0, 999, 600_001, 1.5]) {
      const refusal = await refusalOf(
        service.client.work.claim.mutate({ jobId, workerId: "worker 1", leaseMs }),
      );
      expect(refusal).toMatchObject({ code: "BAD_REQUEST", message: expect.stringContaining("leaseMs") });
    }
  });
});
