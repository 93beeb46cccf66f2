import { randomUUID } from "node:crypto";
import { jobStageLabels, type JobEvent, type JobStatus } from "@jobwire/shared";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JobRecord } from "../../server/src/jobs/job-record.js";
import { JobService } from "../../server/src/jobs/job-service.js";
import { JobStore } from "../../server/src/jobs/job-store.js";
import { WorkQueue } from "../../server/src/jobs/work-queue.js";
import { openMemoryStore } from "../../server/src/store/memory-store.js";
import type { Store } from "../../server/src/store/store.js";
import { JobExports } from "../../server/src/tasks/job-export.js";
import { prepareJobPruning } from "../../server/src/tasks/job-pruning.js";
import type { TaskHandle } from "../../server/src/tasks/task-run.js";
import { startRedis, type TestRedis } from "../support/redis-server.js";
import { endOf } from "../support/tasks.js";
import { startTestServer } from "../support/test-server.js";
import { noDamage } from "../support/no-damage.js";

const alice = { userId: "alice", role: "user" } as const;
const dayMs = 86_400_000;

const onError = (error: unknown): never => {
  throw error;
};

/** A task that nobody listens to. */
function newHandle(): TaskHandle {
  return { taskId: randomUUID(), progress: () => {}, signal: new AbortController().signal };
}

function newRecord(status: JobStatus, updatedAt: Date): JobRecord {
  return {
    id: randomUUID(),
    ownerId: alice.userId,
    status,
    stageLabel: jobStageLabels[status],
    title: null,
    pipeline: null,
    project: null,
    message: "",
    metadata: {},
    attempt: 1,
    workerId: null,
    leaseExpiresAt: null,
    createdAt: new Date(0),
    updatedAt,
    stageStartedAt: updatedAt,
    revision: 1,
  };
}

function newEvents(count: number): JobEvent[] {
  return Array.from({ length: count }, (_, percent) => ({
    type: "build.progress",
    jobId: "any",
    timestamp: new Date(0),
    stage: "code",
    percent,
  }));
}

describe("prune-jobs", () => {
  test("takes jobs that ended at least so many days ago, to the moment, and no unfinished ones", async () => {
    await using store = openMemoryStore({ maxEvents: 10 });
    const jobs = new JobStore({ store, retainFinishedMs: 60_000, damaged: noDamage, onError });
    const now = Date.now();
    const records = {
      longAgo: newRecord("ready", new Date(now - 30 * dayMs)),
      justOldEnough: newRecord("failed", new Date(now - 7 * dayMs)),
      notOldEnough: newRecord("failed", new Date(now - 7 * dayMs + 60_000)),
      unfinished: newRecord("checks", new Date(now - 30 * dayMs)),
    };
    for (const record of Object.values(records)) await jobs.create(record, []);
    const prune = prepareJobPruning(jobs, alice, { finishedBeforeDays: 7 });
    expect(await prune(newHandle())).toEqual({ jobs: 2 });
    const { records: left } = await jobs.list(alice.userId, { limit: 10, before: undefined });
    expect(left.map(({ id }) => id).toSorted()).toEqual(
      [records.notOldEnough.id, records.unfinished.id].toSorted(),
    );
  });

  test("stops when its task has ended", async () => {
    await using store = openMemoryStore({ maxEvents: 10 });
    const jobs = new JobStore({ store, retainFinishedMs: 60_000, damaged: noDamage, onError });
    for (let number = 0; number < 5; number++) await jobs.create(newRecord("failed", new Date(0)), []);
    const prune = prepareJobPruning(jobs, alice, { finishedBeforeDays: 7 });
    const progress = () => {
      throw new Error("cancelled");
    };
    await expect(prune({ ...newHandle(), progress })).rejects.toThrow("cancelled");
    expect((await jobs.list(alice.userId, { limit: 10, before: undefined })).records).toHaveLength(4);
  });
});

describe("export-events", () => {
  test("fails when the log is trimmed faster than it is read, and gives no export out", async () => {
    await using store = openMemoryStore({ maxEvents: 100 });
    const jobStore = new JobStore({ store, retainFinishedMs: 60_000, damaged: noDamage, onError });
    const record = newRecord("code", new Date());
    await jobStore.create(record, newEvents(100));
    let reads = 0;
    const busy: Store = {
      commit: (change) => store.commit(change),
      readState: (key) => store.readState(key),
      listStates: (query) => store.listStates(query),
      listDue: (query) => store.listDue(query),
      countStates: (scope) => store.countStates(scope),
      head: (topic) => store.head(topic),
      async replay(topic, after, limit) {
        if (++reads === 2) for (const event of newEvents(50)) await jobStore.append(record, event);
        return store.replay(topic, after, limit);
      },
      fork: (topic, shared) => store.fork(topic, shared),
      listen: (topic, listener) => store.listen(topic, listener),
      scanStates: (beginning) => store.scanStates(beginning),
      clock: store.clock,
      warnings: [],
      ping: () => store.ping(),
      isReachable: true,
      async [Symbol.asyncDispose]() {},
    };
    const jobs = new JobService(jobStore, new WorkQueue(store, onError));
    const exports = new JobExports({ store: busy, jobs, retainEndedMs: 60_000 });
    const handle = newHandle();
    const work = await exports.prepare(alice, record.id);
    await expect(work(handle)).rejects.toThrow(/trimmed or lost/);
    await expect(exports.open(handle.taskId)).rejects.toMatchObject({ reason: "TASK_NOT_FOUND" });
    // Read again in peace it is whole.
    expect(await (await exports.prepare(alice, record.id))(newHandle())).toMatchObject({ events: 100 });
  });
});

describe("a download", () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis[Symbol.asyncDispose]());

  test("of an export that has lost a piece breaks off instead of passing for whole", async () => {
    await using server = await startTestServer({ REDIS_URL: redis.url });
    const [{ client, token }, service] = [await server.newUser(), await server.newService()];
    const { id: jobId } = await client.jobs.create.mutate({});
    for (let number = 0; number < 4; number++) {
      const event = { type: "documentation.updated", section: "s", title: "t" } as const;
      const markdown = `${number}`.repeat(150_000);
      await service.client.jobs.publish.mutate({ jobId, event: { ...event, markdown } });
    }
    const task = await client.tasks.start.mutate({ kind: "export-events", input: { jobId } });
    await endOf(client, task);
    const url = `${server.url}/api/tasks/${task.id}/export`;
    const download = async () => (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).text();
    expect((await download()).split("\n")).toHaveLength(6);
    const operator = new Redis(redis.url);
    try {
      const pieces = (await operator.keys(`*{export*${jobId}}*`)).toSorted();
      expect(pieces.length).toBeGreaterThan(2);
      await operator.del(pieces.at(-1) ?? "");
    } finally {
      operator.disconnect();
    }
    await expect(download()).rejects.toThrow(/terminated/);
  });
});
