import { once } from "node:events";
import { expect, test } from "vitest";
import { builtProgram } from "../support/build-programs.js";
import { watchFeed, watchJob, watchOutput } from "../support/collect.js";
import { refusalOf } from "../support/test-client.js";
import { describeOnEachStore, startTestServer } from "../support/test-server.js";
import { startProgram } from "./build-worker-fixture.js";
import { Gate, openWorkshop, stages } from "./worker-fixture.js";

describeOnEachStore("stopping, repeating and removing jobs", (store) => {
  test.each(["queued", "claimed", "scheduled"])(
    "a %s job that is cancelled has failed, and says why",
    async (how) => {
      await using server = await store.start();
      const [alice, service] = [await server.newUser(), await server.newService()];
      const runAt = how === "scheduled" ? new Date(Date.now() + 3_600_000) : undefined;
      const { id: jobId } = await alice.client.jobs.create.mutate({ pipeline: "p", ...(runAt && { runAt }) });
      if (how === "claimed") await service.client.work.claim.mutate({ jobId, workerId: "w" });
      using stream = watchJob(alice.client, { jobId });
      const job = await alice.client.jobs.cancel.mutate({ jobId, reason: "not needed" });
      const message = `Cancelled by ${alice.sub}: not needed`;
      expect(job).toMatchObject({ status: "failed", outcome: "cancelled", message, leaseExpiresAt: null });
      expect(job.stages.at(-1)).toMatchObject({ outcome: "cancelled", endedAt: job.updatedAt });
      const events = await stream.completed();
      expect(events.at(-1)).toMatchObject({
        type: "build.stage.started",
        stage: "failed",
        outcome: "cancelled",
        message,
      });
      expect((await service.client.work.waiting.query({ pipelines: ["p"] })).items).toEqual([]);
    },
  );

  test("a job is cancelled by its owner or a service, once, and never after its end", async () => {
    await using server = await store.start();
    const [alice, bob, service] = [await server.newUser(), await server.newUser(), await server.newService()];
    const create = async () => (await alice.client.jobs.create.mutate({})).id;
    const [mine, done, theirs] = [await create(), await create(), await create()];
    expect(await refusalOf(bob.client.jobs.cancel.mutate({ jobId: mine }))).toMatchObject({
      reason: "JOB_NOT_FOUND",
    });
    expect(await refusalOf(alice.client.jobs.cancel.mutate({ jobId: "none" }))).toMatchObject({
      code: "NOT_FOUND",
    });
    await service.client.jobs.transition.mutate({ jobId: done, to: "failed" });
    expect(await refusalOf(alice.client.jobs.cancel.mutate({ jobId: done }))).toMatchObject({
      code: "CONFLICT",
      reason: "JOB_FINISHED",
    });
    expect(await service.client.jobs.cancel.mutate({ jobId: theirs })).toMatchObject({
      message: `Cancelled by service ${service.sub}.`,
    });
    const twice = await Promise.allSettled([
      alice.client.jobs.cancel.mutate({ jobId: mine }),
      service.client.jobs.cancel.mutate({ jobId: mine }),
      service.client.jobs.transition.mutate({ jobId: mine, to: "failed" }),
    ]);
    expect(twice.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected", "rejected"]);
    using stream = watchJob(alice.client, { jobId: mine });
    expect(await stream.completed()).toHaveLength(3);
  });

  test("a job is repeated with what it was made of, and both know of each other", async () => {
    await using server = await store.start();
    const [alice, bob, service] = [await server.newUser(), await server.newUser(), await server.newService()];
    const made = { title: "Shop", pipeline: "p", project: "shop", metadata: { branch: "main" } };
    const { id: jobId } = await alice.client.jobs.create.mutate(made);
    expect(await refusalOf(bob.client.jobs.rerun.mutate({ jobId }))).toMatchObject({
      reason: "JOB_NOT_FOUND",
    });
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    const next = await service.client.jobs.rerun.mutate({ jobId });
    expect(next).toMatchObject({
      ...made,
      ownerId: alice.sub,
      status: "queued",
      rerunOf: jobId,
      rerunAs: null,
    });
    const old = await alice.client.jobs.get.query({ jobId });
    expect(old).toMatchObject({ status: "failed", rerunOf: null, rerunAs: next.id });
    using stream = watchJob(alice.client, { jobId });
    expect(await stream.completed()).toHaveLength(3);
  });

  test("a finished job that is removed is gone with all that is known of it, and its owner's feed says so", async () => {
    await using server = await store.start();
    const [alice, bob, service] = [await server.newUser(), await server.newUser(), await server.newService()];
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    const remove = (caller = alice) => caller.client.jobs.remove.mutate({ jobId });
    expect(await refusalOf(remove())).toMatchObject({ code: "CONFLICT", reason: "JOB_UNFINISHED" });
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    expect(await refusalOf(remove(bob))).toMatchObject({ reason: "JOB_NOT_FOUND" });
    using feed = watchFeed(alice.client);
    await feed.first(3);
    expect(await remove()).toEqual({ removed: true });
    expect((await feed.first(4))[3]?.data).toMatchObject({ type: "stream.removed", jobId });
    expect(await refusalOf(alice.client.jobs.get.query({ jobId }))).toMatchObject({
      reason: "JOB_NOT_FOUND",
    });
    expect((await alice.client.jobs.list.query()).items).toEqual([]);
    expect(await alice.client.jobs.counts.query()).toMatchObject({ failed: 0 });
    using output = watchOutput(alice.client, { jobId });
    expect((await output.error()).data).toMatchObject({ code: "NOT_FOUND" });
    expect(await refusalOf(remove())).toMatchObject({ reason: "JOB_NOT_FOUND" });
  });
});

test("a worker whose job is cancelled stops its stage, and says no more of it", async () => {
  await using server = await startTestServer();
  const workshop = await openWorkshop(server);
  const gate = new Gate();
  await using worker = workshop.startWorker(() => stages({ code: gate.stage }));
  const jobId = await workshop.createJob();
  const { signal } = await gate.entered;
  const aborted = once(signal, "abort");
  const service = await server.newService();
  await service.client.jobs.cancel.mutate({ jobId, reason: "stop" });
  await aborted;
  expect(signal.reason).toMatchObject({ message: expect.stringContaining("Cancelled by service") });
  gate.open();
  await worker.stop({ graceMs: 5000 });
  const events = await workshop.eventsOf(jobId);
  expect(events.at(-1)).toMatchObject({ stage: "failed", outcome: "cancelled" });
});

test("a worker that lost its job is told so whatever it says", async () => {
  await using server = await startTestServer();
  const [alice, service] = [await server.newUser(), await server.newService()];
  const { id: jobId } = await alice.client.jobs.create.mutate({ pipeline: "p" });
  const { jobs, work } = service.client;
  const late = { jobId, workerId: "late" };
  await work.claim.mutate({ jobId, workerId: "held" });
  const event = { type: "build.progress", stage: "starting", percent: 1 } as const;
  const piece = { stage: "starting", attempt: 1, stream: "stdout", text: "late\n" } as const;
  for (const call of [
    jobs.transition.mutate({ ...late, to: "scaffold" }),
    jobs.publish.mutate({ ...late, event }),
    work.write.mutate({ ...late, pieces: [piece] }),
    work.renew.mutate(late),
  ]) {
    const refusal = await refusalOf(call);
    expect(refusal).toMatchObject({ code: "CONFLICT", reason: "LEASE_NOT_HELD" });
    expect(refusal.message).toContain('held by "held"');
  }
});

test("a job that is cancelled and goes on writing does not hold up the others of its worker", async () => {
  await using server = await startTestServer();
  const { client } = await server.newUser();
  const service = await server.newService();
  await using _worker = startProgram(builtProgram("test/integration/flooding-worker.ts"), [], {
    JOBWIRE_URL: server.url,
    JOBWIRE_TOKEN: service.token,
  });
  const { id: jobId } = await client.jobs.create.mutate({ pipeline: "flood", title: "flood" });
  using output = watchOutput(client, { jobId });
  await output.first(1);
  await client.jobs.cancel.mutate({ jobId });
  await output.completed();
  const next = await client.jobs.create.mutate({ pipeline: "flood" });
  using events = watchJob(client, { jobId: next.id });
  expect((await events.completed()).at(-1)).toMatchObject({ outcome: "ready" });
});
