import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { jobStatuses, type JobStatus, type ListJobsInput } from "@jobwire/shared";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import { beginJob, moveJob } from "../../server/src/jobs/job-decisions.js";
import { jobsOn } from "../support/jobs-on.js";
import { startRedis } from "../support/redis-server.js";
import { refusalOf } from "../support/test-client.js";
import { describeOnEachStore } from "../support/test-server.js";

describeOnEachStore("finding jobs", (store) => {
  test("by status, pipeline, project, title, id and time, page by page, and counting them", async () => {
    await using server = await store.start();
    const [alice, bob, service] = [await server.newUser(), await server.newUser(), await server.newService()];
    const titles = ["Shop [v1]", "shop v2", "Blog", "BLOG über alles"];
    const made: string[] = [];
    const between: Date[] = [];
    for (const [index, title] of titles.entries()) {
      const pipeline = index % 2 === 0 ? "web" : "api";
      const project = index < 2 ? "shop" : "blog";
      made.push((await alice.client.jobs.create.mutate({ title, pipeline, project })).id);
      between.push(new Date(Date.now() + 1));
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    const { id: bobs } = await bob.client.jobs.create.mutate({ title: "Shop of Bob", pipeline: "web" });
    await service.client.jobs.transition.mutate({ jobId: made[0] ?? "", to: "failed" });
    await service.client.work.claim.mutate({ jobId: made[1] ?? "", workerId: "w" });

    const numbersOf = (ids: readonly string[]) => ids.map((id) => made.indexOf(id));
    type Filter = Exclude<Parameters<typeof alice.client.jobs.list.query>[0], void | undefined>;
    const list = async (filter: Filter, { client } = alice) => {
      const { status: _status, ...counted } = filter;
      const ids: string[] = [];
      for (let cursor: string | null | undefined; cursor !== null;) {
        const page = await client.jobs.list.query({ ...filter, limit: 1, ...(cursor && { cursor }) });
        ids.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
      }
      const whole = await client.jobs.list.query({ ...filter, limit: 100 });
      expect(whole.items.map(({ id }) => id)).toEqual(ids);
      const counts = await client.jobs.counts.query(counted);
      const asked: readonly JobStatus[] = filter.status ?? jobStatuses;
      expect(asked.reduce((sum, status) => sum + counts[status], 0)).toBe(ids.length);
      return numbersOf(ids);
    };

    expect(await list({})).toEqual([3, 2, 1, 0]);
    expect(await list({ status: ["failed"] })).toEqual([0]);
    expect(await list({ status: ["queued", "starting"] })).toEqual([3, 2, 1]);
    expect(await list({ status: ["ready"] })).toEqual([]);
    expect(await list({ pipeline: "web" })).toEqual([2, 0]);
    expect(await list({ pipeline: "web", status: ["queued"] })).toEqual([2]);
    expect(await list({ pipeline: "none" })).toEqual([]);
    expect(await list({ project: "shop" })).toEqual([1, 0]);
    expect(await list({ project: "sho" })).toEqual([]);
    expect(await list({ search: "SHOP" })).toEqual([1, 0]);
    expect(await list({ search: "[v1]" })).toEqual([0]);
    expect(await list({ search: ".*" })).toEqual([]);
    expect(await list({ search: "ÜBER" })).toEqual([3]);
    expect(await list({ search: made[2]?.slice(-12) ?? "" })).toEqual([2]);
    expect(await list({ search: "shop", status: ["failed"], project: "shop", pipeline: "web" })).toEqual([0]);
    expect(await list({ since: between[0] })).toEqual([3, 2, 1]);
    expect(await list({ until: between[0] })).toEqual([0]);
    expect(await list({ since: between[0], until: between[2], search: "blog" })).toEqual([2]);
    expect(await list({ all: true, search: "shop" }, service)).toEqual([-1, 1, 0]);
    expect(await list({ ownerId: bob.sub }, service)).toEqual([-1]);
    expect(await list({ ownerId: alice.sub, status: ["failed"] }, service)).toEqual([0]);
    expect((await service.client.jobs.get.query({ jobId: bobs })).ownerId).toBe(bob.sub);
    expect(await alice.client.jobs.counts.query()).toEqual({
      queued: 2,
      scheduled: 0,
      starting: 1,
      scaffold: 0,
      code: 0,
      deps: 0,
      checks: 0,
      ready: 0,
      failed: 1,
    });
  });

  test("what is asked for wrongly is refused with the field's name", async () => {
    await using server = await store.start();
    const alice = await server.newUser();
    const { jobs } = alice.client;
    const now = new Date();
    for (const [call, message] of [
      [jobs.list.query({ since: now, until: now }), "since is not before until"],
      [jobs.list.query({ search: "x".repeat(10_240) }), "search"],
      [jobs.list.query({ search: "  " }), "search"],
      [jobs.list.query({ status: [] }), "status"],
      [jobs.counts.query({ pipeline: "No Such" }), "pipeline"],
    ] as const)
      expect(await refusalOf(call)).toMatchObject({
        code: "BAD_REQUEST",
        message: expect.stringContaining(message),
      });
    expect(await refusalOf(jobs.list.query({ all: true }))).toMatchObject({ code: "FORBIDDEN" });
    expect(await refusalOf(jobs.counts.query({ ownerId: "bob" }))).toMatchObject({ code: "FORBIDDEN" });
  });

  test("a job that waits knows its place, and whether anybody offers its pipeline", async () => {
    await using server = await store.start();
    const [alice, service] = [await server.newUser(), await server.newService()];
    const create = () => alice.client.jobs.create.mutate({ pipeline: "p" });
    const [first, second] = [await create(), await create()];
    expect(first).toMatchObject({ status: "queued", waitingFor: "worker" });
    const get = (jobId: string) => alice.client.jobs.get.query({ jobId });
    expect(await get(first.id)).toMatchObject({ queuePosition: 0, waitingFor: "worker" });
    expect(await get(second.id)).toMatchObject({ queuePosition: 1 });
    const waitingSince = second.createdAt;
    const unoffered = [{ name: "p", projects: [], workers: 0, waiting: 2, waitingSince: first.createdAt }];
    expect(await alice.client.pipelines.list.query()).toEqual(unoffered);
    expect(await service.client.pipelines.list.query()).toContainEqual(unoffered[0]);
    const stranger = await server.newUser();
    expect(await stranger.client.pipelines.list.query()).toEqual([]);
    const offer = { workerId: "w", host: "h", pipelines: ["p", "q"], projects: ["shop"], running: 0 };
    await service.client.work.offer.mutate(offer);
    await expect
      .poll(() => alice.client.pipelines.list.query(), { timeout: 5000 })
      .toEqual([
        { name: "p", projects: ["shop"], workers: 1, waiting: 2, waitingSince: first.createdAt },
        { name: "q", projects: ["shop"], workers: 1, waiting: 0, waitingSince: null },
      ]);
    expect(await get(first.id)).toMatchObject({ waitingFor: null });
    expect(await service.client.workers.list.query()).toMatchObject([{ ...offer, since: expect.any(Date) }]);
    expect(await refusalOf(alice.client.workers.list.query())).toMatchObject({ code: "FORBIDDEN" });
    await service.client.work.claim.mutate({ jobId: first.id, workerId: "w" });
    expect(await get(first.id)).toMatchObject({ queuePosition: null, waitingFor: null });
    expect(await get(second.id)).toMatchObject({ queuePosition: 0 });
    await service.client.work.leave.mutate({ workerId: "w" });
    await expect
      .poll(() => alice.client.pipelines.list.query(), { timeout: 5000 })
      .toEqual([{ name: "p", projects: [], workers: 0, waiting: 1, waitingSince }]);
    await service.client.work.offer.mutate({ ...offer, leaseMs: 1000 });
    await expect.poll(() => service.client.workers.list.query(), { timeout: 10_000 }).toEqual([]);
  });

  test("a job for later is queued at its time, once, over two servers", async () => {
    await using server = await store.start();
    const [alice, service] = [await server.newUser(), await server.newService()];
    const runAt = new Date(Date.now() + 1500);
    const job = await alice.client.jobs.create.mutate({ pipeline: "later", runAt });
    expect(job).toMatchObject({ status: "scheduled", runAt, stageLabel: "Scheduled" });
    expect((await service.client.work.waiting.query({ pipelines: ["later"] })).items).toEqual([]);
    const get = () => alice.client.jobs.get.query({ jobId: job.id });
    await expect.poll(async () => (await get()).status, { timeout: 10_000 }).toBe("queued");
    const queued = await get();
    expect(queued.stages.map(({ stage }) => stage)).toEqual(["scheduled", "queued"]);
    expect(queued.stages[1]?.startedAt.getTime()).toBeGreaterThanOrEqual(runAt.getTime());
    expect(queued.runAt).toBeNull();
    const past = await alice.client.jobs.create.mutate({ runAt: new Date(0) });
    expect(past).toMatchObject({ status: "queued", runAt: null });
  });

  test("an owner has at most JOBS_MAX_OPEN_PER_USER unfinished jobs, also of calls that come at once", async () => {
    await using server = await store.start({ JOBS_MAX_OPEN_PER_USER: "2" });
    const [alice, bob, service] = [await server.newUser(), await server.newUser(), await server.newService()];
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    await alice.client.jobs.create.mutate({ runAt: new Date(Date.now() + 3_600_000) });
    expect(await refusalOf(alice.client.jobs.create.mutate({}))).toMatchObject({
      code: "TOO_MANY_REQUESTS",
      reason: "JOBS_BUSY",
    });
    await bob.client.jobs.create.mutate({});
    await service.client.jobs.transition.mutate({ jobId, to: "failed" });
    const calls = Array.from({ length: 8 }, () => alice.client.jobs.create.mutate({}));
    const made = (await Promise.allSettled(calls)).filter(({ status }) => status === "fulfilled");
    expect(made).toHaveLength(1);
  });

  test("up to 100 events are published in one commit, all or none", async () => {
    await using server = await store.start();
    const [alice, service] = [await server.newUser(), await server.newService()];
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    const event = (percent: number) => ({ type: "build.progress", stage: "queued", percent }) as const;
    const events = Array.from({ length: 100 }, (_, percent) => event(percent));
    const { ids, id } = await service.client.jobs.publish.mutate({ jobId, events });
    expect(ids).toHaveLength(100);
    expect(id).toBe(ids[99]);
    expect(ids.map((one) => Number(one.split(":")[1]))).toEqual(events.map((_, index) => index + 2));
    const publish = service.client.jobs.publish.mutate;
    expect(await refusalOf(publish({ jobId, events: [...events, event(1)] }))).toMatchObject({
      code: "BAD_REQUEST",
    });
    expect(await refusalOf(publish({ jobId, events: [event(1), event(101)] }))).toMatchObject({
      code: "BAD_REQUEST",
      message: expect.stringContaining("events[1].percent"),
    });
    expect(await refusalOf(publish({ jobId }))).toMatchObject({ code: "BAD_REQUEST" });
    expect(await alice.client.jobs.get.query({ jobId })).toMatchObject({
      stages: [{ stage: "queued", percent: 99 }],
    });
  });

  test("its stages are whole, however much of its log is trimmed", async () => {
    await using server = await store.start({ HISTORY_MAX_EVENTS: "10" });
    const [alice, service] = [await server.newUser(), await server.newService()];
    const { id: jobId } = await alice.client.jobs.create.mutate({});
    const { jobs } = service.client;
    for (const to of ["starting", "scaffold", "code", "deps", "checks", "scaffold", "code"] as const) {
      await jobs.transition.mutate({ jobId, to });
      const events = Array.from({ length: 100 }, (_, percent) => ({
        type: "build.progress" as const,
        stage: to,
        percent,
        message: `${percent}`,
      }));
      await jobs.publish.mutate({ jobId, events });
    }
    await jobs.transition.mutate({ jobId, to: "failed", message: "no" });
    const { stages, outcome, attempt } = await alice.client.jobs.get.query({ jobId });
    expect({ outcome, attempt }).toEqual({ outcome: "failed", attempt: 2 });
    expect(
      stages.map((stage) => `${stage.stage} ${stage.attempt} ${stage.outcome} ${stage.percent ?? "-"}`),
    ).toEqual([
      "queued 1 completed -",
      "starting 1 completed 99",
      "scaffold 1 completed 99",
      "code 1 completed 99",
      "deps 1 completed 99",
      "checks 1 completed 99",
      "scaffold 2 completed 99",
      "code 2 failed 99",
    ]);
    for (const { startedAt, endedAt, durationMs } of stages)
      expect((endedAt?.getTime() ?? 0) - startedAt.getTime()).toBe(durationMs);
  });
});

test("a page of 50 out of 20,000 jobs takes few commands of Redis, whatever is asked for", async () => {
  await using redis = await startRedis();
  const store = await openRedisStore({ url: redis.url, maxEvents: 10, onReachable: () => {} });
  await using jobs = jobsOn(store);
  const alice = { userId: "alice", role: "user" } as const;
  const count = 20_000;
  const batch = 200;
  for (let start = 0; start < count; start += batch)
    await Promise.all(
      Array.from({ length: batch }, async (_, index) => {
        const number = start + index;
        const now = new Date(Date.UTC(2026, 0, 1) + number * 1000);
        const jobId = `${now
          .getTime()
          .toString(16)
          .padStart(12, "0")
          .replace(/^(.{8})/, "$1-")}-7000-8000-${String(number).padStart(12, "0")}`;
        const input = {
          title: number === 77 ? "the needle" : `job ${number}`,
          pipeline: number % 2 ? "odd" : "even",
        };
        await jobs.topic.change({ jobId }, () =>
          beginJob(jobId, number % 10 === 0 ? "bob" : "alice", input, now),
        );
        if (number % 100 === 1)
          await jobs.topic.change({ jobId }, (job) => (job ? moveJob(job, { to: "failed" }, now) : []));
      }),
    );
  await using admin = Object.assign(new Redis(redis.url), {
    async [Symbol.asyncDispose]() {
      admin.disconnect();
    },
  });
  const commands = async () => Number(/total_commands_processed:(\d+)/.exec(await admin.info("stats"))?.[1]);
  const asking = async <Answer>(ask: () => Promise<Answer>): Promise<{ answer: Answer; asked: number }> => {
    const before = await commands();
    const answer = await ask();
    return { answer, asked: (await commands()) - before };
  };
  const service = { userId: "any", role: "service" } as const;
  const limit = 50;
  const cases: readonly (readonly [Partial<ListJobsInput>, number])[] = [
    [{}, 50],
    [{ status: ["failed"] }, 50],
    [{ status: ["failed"], pipeline: "odd" }, 50],
    [{ status: ["ready"] }, 0],
    [{ since: new Date(Date.UTC(2026, 0, 1, 1)), until: new Date(Date.UTC(2026, 0, 1, 1, 0, 20)) }, 18],
    [{ search: "needle" }, 1],
  ];
  for (const [{ status, ...filter }, length] of cases) {
    const { answer, asked } = await asking(() => jobs.service.list(alice, { limit, status, ...filter }));
    expect(answer.items).toHaveLength(length);
    // With what scripts run, and what runs beside.
    expect(asked).toBeLessThan(250);
    const counted = await asking(() => jobs.service.counts(alice, filter));
    expect(counted.asked).toBeLessThan(250);
  }
  const { answer } = await asking(() => jobs.service.counts(service, { all: true }));
  expect(answer).toMatchObject({ queued: count - 200, failed: 200 });
  expect((await jobs.service.list(service, { limit, all: true, search: "needle" })).items).toHaveLength(1);
}, 120_000);
