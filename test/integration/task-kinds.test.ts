import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { beginJob, moveJob } from "../../server/src/jobs/job-decisions.js";
import type { Jobs } from "../../server/src/jobs/open-jobs.js";
import { openMemoryStore } from "../../server/src/store/memory-store.js";
import { Jobwire } from "../../server/src/topics/index.js";
import { JobExports } from "../../server/src/tasks/job-export.js";
import { prepareJobPruning } from "../../server/src/tasks/job-pruning.js";
import type { TaskHandle } from "../../server/src/tasks/task-run.js";
import { startRedis, type TestRedis } from "../support/redis-server.js";
import { endOf } from "../support/tasks.js";
import { startTestServer } from "../support/test-server.js";
import { jobsOn } from "../support/jobs-on.js";

const alice = { userId: "alice", role: "user" } as const;
const dayMs = 86_400_000;

/** A task that nobody listens to. */
function newHandle(): TaskHandle {
  return { taskId: randomUUID(), progress: () => {}, signal: new AbortController().signal };
}

/** A job that has been as it is since then. */
async function newJob({ topic }: Jobs, status: "queued" | "failed", since: Date): Promise<string> {
  const jobId = randomUUID();
  await topic.change({ jobId }, () => beginJob(jobId, alice.userId, {}, since));
  if (status === "failed")
    await topic.change({ jobId }, (job) => (job ? moveJob(job, { to: "failed" }, since) : []));
  return jobId;
}

function newEvents(count: number) {
  return Array.from({ length: count }, (_, percent) => ({
    type: "build.progress" as const,
    stage: "code" as const,
    percent,
  }));
}

describe("prune-jobs", () => {
  test("takes jobs that ended at least so many days ago, to the moment, and no unfinished ones", async () => {
    await using jobs = jobsOn(openMemoryStore({ maxEvents: 10 }));
    const now = Date.now();
    await newJob(jobs, "failed", new Date(now - 30 * dayMs));
    await newJob(jobs, "failed", new Date(now - 7 * dayMs));
    const left = [
      await newJob(jobs, "failed", new Date(now - 7 * dayMs + 60_000)),
      await newJob(jobs, "queued", new Date(now - 30 * dayMs)),
    ];
    const prune = prepareJobPruning(jobs.service, alice, { finishedBeforeDays: 7 }, () => new Date(now));
    expect(await prune(newHandle())).toEqual({ jobs: 2 });
    const { items } = await jobs.service.list(alice, { limit: 10 });
    expect(items.map(({ id }) => id).toSorted()).toEqual(left.toSorted());
  });

  test("stops when its task has ended", async () => {
    await using jobs = jobsOn(openMemoryStore({ maxEvents: 10 }));
    for (let number = 0; number < 5; number++) await newJob(jobs, "failed", new Date(0));
    const prune = prepareJobPruning(jobs.service, alice, { finishedBeforeDays: 7 }, () => new Date());
    const progress = () => {
      throw new Error("cancelled");
    };
    await expect(prune({ ...newHandle(), progress })).rejects.toThrow("cancelled");
    expect((await jobs.service.list(alice, { limit: 10 })).items).toHaveLength(4);
  });
});

describe("export-events", () => {
  test("fails when the log is trimmed faster than it is read, and gives no export out", async () => {
    const store = openMemoryStore({ maxEvents: 100 });
    await using jobs = jobsOn(store);
    const jobId = await newJob(jobs, "queued", new Date());
    await jobs.topic.publish({ jobId }, newEvents(99));
    const history = jobs.topic.history.bind(jobs.topic);
    const reading = vi.spyOn(jobs.topic, "history").mockImplementation(async function* (key) {
      for await (const item of history(key)) {
        yield item;
        if (item.event.type === "build.progress" && item.event.percent === 5) break;
      }
      const after = jobs.topic.stream({ jobId, lastEventId: "0123456789abcdef0123:5" });
      for await (const [id, event] of after) yield { id, event };
    });
    const exports = new JobExports({
      jobwire: new Jobwire(store, {}),
      jobs: jobs.service,
      jobTopic: jobs.topic,
      retainEndedMs: 60_000,
    });
    const handle = newHandle();
    const work = await exports.prepare(alice, jobId);
    await expect(work(handle)).rejects.toThrow(/trimmed or lost/);
    await expect(exports.open(handle.taskId)).rejects.toMatchObject({ reason: "TASK_NOT_FOUND" });
    // Read again in peace it is whole.
    reading.mockRestore();
    expect(await (await exports.prepare(alice, jobId))(newHandle())).toMatchObject({ events: 100 });
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
      const log = `jw:{topic%3Ajob-export}:l:["${task.id}"]`;
      expect(await operator.xlen(log)).toBeGreaterThan(3);
      expect(await operator.xtrim(log, "MAXLEN", 2)).toBeGreaterThan(0);
    } finally {
      operator.disconnect();
    }
    await expect(download()).rejects.toThrow(/terminated/);
  });
});
