import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { watchFeed, watchJob } from "../support/collect.js";
import { describeRefusal, refusalOf, type TestClient } from "../support/test-client.js";
import { endOf } from "../support/tasks.js";
import { describeOnEachStore, type Caller } from "../support/test-server.js";

describeOnEachStore("pruning", (store) => {
  async function prune(client: TestClient, finishedBeforeDays: number, ownerId?: string): Promise<number> {
    const input = { finishedBeforeDays, ...(ownerId !== undefined && { ownerId }) };
    const task = await endOf(client, await client.tasks.start.mutate({ kind: "prune-jobs", input }));
    if (task.kind !== "prune-jobs" || !task.result) throw new Error(`Not pruned: ${JSON.stringify(task)}`);
    return task.result.jobs;
  }

  async function finishedJob({ client }: Caller, service: Caller): Promise<string> {
    const { id: jobId } = await client.jobs.create.mutate({});
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    return jobId;
  }

  const idsOf = async ({ client }: Caller) =>
    (await client.jobs.list.query({ limit: 100 })).items.map(({ id }) => id);

  test("drops the finished jobs of the caller, and leaves unfinished ones and those of others", async () => {
    await using server = await store.start();
    const [alice, bob, service] = [await server.newUser(), await server.newUser(), await server.newService()];
    const unfinished = [(await alice.client.jobs.create.mutate({})).id];
    // Several pages of jobs, finished and unfinished ones in turns.
    for (let number = 0; number < 120; number++) {
      await finishedJob(alice, service);
      if (number % 20 === 0) unfinished.push((await alice.client.jobs.create.mutate({ pipeline: "p" })).id);
    }
    const foreign = await finishedJob(bob, service);
    expect(await prune(alice.client, 0)).toBe(120);
    expect(await idsOf(alice)).toEqual(unfinished.toReversed());
    expect(await idsOf(bob)).toEqual([foreign]);
    expect(await prune(alice.client, 0)).toBe(0);
    for (const jobId of unfinished) await service.client.jobs.transition.mutate({ jobId, to: "failed" });
  });

  test("leaves jobs that have ended since", async () => {
    await using server = await store.start();
    const [alice, service] = [await server.newUser(), await server.newService()];
    const jobId = await finishedJob(alice, service);
    expect(await prune(alice.client, 1)).toBe(0);
    expect(await idsOf(alice)).toEqual([jobId]);
  });

  test("takes the job's log with it, and leaves the feed's events, which says so", async () => {
    await using server = await store.start();
    const [alice, service] = [await server.newUser(), await server.newService()];
    using feed = watchFeed(alice.client);
    const jobId = await finishedJob(alice, service);
    using before = watchJob(alice.client, { jobId });
    await before.completed();
    expect(await prune(alice.client, 0)).toBe(1);
    for (const { client } of [alice, service]) {
      expect((await refusalOf(client.jobs.get.query({ jobId }))).reason).toBe("JOB_NOT_FOUND");
      using after = watchJob(client, { jobId });
      expect(describeRefusal(await after.error()).reason).toBe("JOB_NOT_FOUND");
      using resumed = watchJob(client, { jobId, lastEventId: before.ids[0] });
      expect(describeRefusal(await resumed.error()).reason).toBe("JOB_NOT_FOUND");
    }
    using later = watchFeed(alice.client);
    await Promise.all([feed.first(4), later.first(4)]);
    const { id: next } = await alice.client.jobs.create.mutate({});
    await Promise.all([feed.first(5), later.first(5)]);
    expect(later.events).toEqual(feed.events);
    expect(later.events.map((event) => "jobId" in event && event.jobId)).toEqual([
      ...Array.from({ length: 4 }, () => jobId),
      next,
    ]);
    expect(later.events[3]).toMatchObject({ type: "stream.removed", jobId });
  });

  test("by a service is for whom it names", async () => {
    await using server = await store.start();
    const [alice, bob, service] = [await server.newUser(), await server.newUser(), await server.newService()];
    await finishedJob(alice, service);
    const foreign = await finishedJob(bob, service);
    expect(await prune(service.client, 0, alice.sub)).toBe(1);
    expect(await idsOf(alice)).toEqual([]);
    expect(await idsOf(bob)).toEqual([foreign]);
    expect(await prune(service.client, 0, randomUUID())).toBe(0);
  });

  test("needs an owner from a service and takes none from a user, not even the right one", async () => {
    await using server = await store.start();
    const [alice, service] = [await server.newUser(), await server.newService()];
    for (const [client, ownerId] of [
      [service.client, undefined],
      [alice.client, alice.sub],
      [alice.client, "somebody"],
    ] as const) {
      const input = { finishedBeforeDays: 0, ...(ownerId !== undefined && { ownerId }) };
      const refusal = await refusalOf(client.tasks.start.mutate({ kind: "prune-jobs", input }));
      expect(refusal).toMatchObject({ code: "BAD_REQUEST", reason: "INPUT_INVALID" });
      expect(refusal.message).toContain("ownerId");
    }
  });

  test("twice at once counts each job once", async () => {
    await using server = await store.start();
    const [alice, service] = [await server.newUser(), await server.newService()];
    for (let number = 0; number < 30; number++) await finishedJob(alice, service);
    const counts = await Promise.all([prune(alice.client, 0), prune(alice.client, 0)]);
    expect(counts.reduce((sum, count) => sum + count)).toBe(30);
    expect(await idsOf(alice)).toEqual([]);
  });
});
