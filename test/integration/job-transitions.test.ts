import { jobStatuses, type JobStatus } from "@jobwire/shared";
import { describe, expect, test } from "vitest";
import { watchJob } from "../support/collect.js";
import { refusalOf } from "../support/test-client.js";
import { describeOnEachStore, type Caller } from "../support/test-server.js";

/** J2 as the requirements word it, on purpose not read from the code. */
const allowed: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  queued: ["starting", "scheduled", "failed"],
  starting: ["scaffold", "failed"],
  scaffold: ["code", "failed"],
  code: ["deps", "failed"],
  deps: ["checks", "failed"],
  checks: ["ready", "scaffold", "failed"],
  scheduled: ["queued"],
  ready: [],
  failed: [],
};

/** How a job gets into each status. */
const routes: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  queued: [],
  scheduled: ["scheduled"],
  starting: ["starting"],
  scaffold: ["starting", "scaffold"],
  code: ["starting", "scaffold", "code"],
  deps: ["starting", "scaffold", "code", "deps"],
  checks: ["starting", "scaffold", "code", "deps", "checks"],
  ready: ["starting", "scaffold", "code", "deps", "checks", "ready"],
  failed: ["failed"],
};

async function createJobIn(status: JobStatus, owner: Caller, service: Caller): Promise<string> {
  const { id: jobId } = await owner.client.jobs.create.mutate({});
  for (const to of routes[status]) await service.client.jobs.transition.mutate({ jobId, to });
  return jobId;
}

describeOnEachStore("transitions", (store) => {
  describe.each(jobStatuses)("from %s", (from) => {
    test.each(allowed[from])("to %s is accepted", async (to) => {
      await using server = await store.start();
      const owner = await server.newUser();
      const service = await server.newService();
      const jobId = await createJobIn(from, owner, service);
      const job = await service.client.jobs.transition.mutate({ jobId, to });
      expect(job.status).toBe(to);
      using stream = watchJob(owner.client, { jobId });
      const count = 1 + 2 * (routes[from].length + 1);
      const [completed, started] = (await stream.first(count)).slice(-2);
      expect(completed?.data).toMatchObject({ type: "build.stage.completed", stage: from, status: from });
      expect(started?.data).toMatchObject({
        type: "build.stage.started",
        stage: to,
        status: to,
        timestamp: job.updatedAt,
      });
    });

    const refused = jobStatuses.filter((to) => !allowed[from].includes(to));
    test(`to ${refused.join(", ")} is refused, says what is allowed, changes and publishes nothing`, async () => {
      await using server = await store.start();
      const owner = await server.newUser();
      const service = await server.newService();
      const jobId = await createJobIn(from, owner, service);
      const before = await owner.client.jobs.get.query({ jobId });
      const published = 1 + 2 * routes[from].length;
      using stream = watchJob(owner.client, { jobId });
      await stream.first(published);

      for (const to of refused) {
        const refusal = await refusalOf(service.client.jobs.transition.mutate({ jobId, to, message: "no" }));
        expect(refusal, `${from} -> ${to}`).toMatchObject({
          code: "CONFLICT",
          reason: "TRANSITION_INVALID",
          status: 409,
        });
        expect(refusal.message).toMatch(new RegExp(`\\bfrom ${from} to ${to}\\b`));
        const rest = refusal.message.replace(`from ${from} to ${to}`, "");
        for (const status of allowed[from]) expect(rest).toMatch(new RegExp(`\\b${status}\\b`));
        if (allowed[from].length === 0) expect(rest).toContain(`${from} is final`);
      }
      expect(await owner.client.jobs.get.query({ jobId })).toEqual(before);
      expect(stream.items).toHaveLength(published);
      await expectNothingPublished(jobId, { owner, service, published });
    });
  });

  test("of fifty callers who start a job at once exactly one wins and one event says so", async () => {
    await using server = await store.start();
    const owner = await server.newUser();
    const service = await server.newService();
    const { id: jobId } = await owner.client.jobs.create.mutate({});
    using stream = watchJob(owner.client, { jobId });
    const calls = Array.from({ length: 50 }, (_, caller) =>
      service.client.jobs.transition.mutate({ jobId, to: "starting", message: `caller ${caller}` }),
    );
    const settled = await Promise.allSettled(calls);
    const won = settled.flatMap((call) => (call.status === "fulfilled" ? [call.value] : []));
    const lost: unknown[] = settled.flatMap((call) =>
      call.status === "rejected" ? [call.reason as unknown] : [],
    );
    expect(won).toHaveLength(1);
    expect(lost).toHaveLength(49);
    for (const error of lost) expect(error).toMatchObject({ data: { code: "CONFLICT", httpStatus: 409 } });

    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    const events = await stream.completed();
    const starts = events.filter(
      (event) => event.type === "build.stage.started" && event.stage === "starting",
    );
    expect(starts).toHaveLength(1);
    expect(starts[0]).toMatchObject({ message: won[0]?.message });
    expect(events).toHaveLength(5);
  });

  test("of racing callers who want different things exactly one wins", async () => {
    await using server = await store.start();
    const owner = await server.newUser();
    const service = await server.newService();
    for (let round = 0; round < 10; round++) {
      const { id: jobId } = await owner.client.jobs.create.mutate({});
      // Neither of the two may follow the other.
      const wishes = ["starting", "scheduled"] as const;
      const settled = await Promise.allSettled(
        wishes.map((to) => service.client.jobs.transition.mutate({ jobId, to })),
      );
      const accepted = settled.flatMap((call) => (call.status === "fulfilled" ? [call.value.status] : []));
      const { status } = await owner.client.jobs.get.query({ jobId });
      expect(accepted).toEqual([status]);
    }
  });
});

/** The next event accepted has the next offset: nothing came in between. For a final job, the log ends where it did. */
async function expectNothingPublished(
  jobId: string,
  { owner, service, published }: { owner: Caller; service: Caller; published: number },
): Promise<void> {
  const { status } = await owner.client.jobs.get.query({ jobId });
  using stream = watchJob(owner.client, { jobId });
  if (allowed[status].length === 0) {
    expect(await stream.completed()).toHaveLength(published);
    return;
  }
  using marked = watchJob(owner.client, { jobId, types: ["build.progress"] });
  await service.client.jobs.publish.mutate({
    jobId,
    event: { type: "build.progress", stage: status, percent: 1 },
  });
  const [marker] = await marked.first(1);
  expect(Number(marker?.id.split(":")[1])).toBe(published + 1);
}
