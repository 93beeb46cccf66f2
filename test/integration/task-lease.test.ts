import { once } from "node:events";
import { expect, test, vi } from "vitest";
import { AppError } from "../../server/src/app-error.js";
import { openMemoryStore } from "../../server/src/store/memory-store.js";
import type { Commit, Store } from "../../server/src/store/store.js";
import { taskLeaseMs } from "../../server/src/tasks/task-run.js";
import { TaskService } from "../../server/src/tasks/task-service.js";
import { openTaskTopic } from "../../server/src/tasks/task-topic.js";
import { Jobwire } from "../../server/src/topics/index.js";

const alice = { userId: "alice", role: "user" } as const;
const patience = { timeout: 20_000, interval: 20 };

/**
 * A task that says its progress once and then works until this is disposed.
 * @param fail Comes before each of its commits, which it may make, and may throw.
 */
async function openRunningTask(fail: (commit: () => ReturnType<Store["commit"]>) => Promise<void>) {
  const memory = openMemoryStore({ maxEvents: 100 });
  /** How long outages have lasted for the clock by which leases go. */
  let passedMs = 0;
  const store = new Proxy(memory, {
    get(target, name) {
      if (name === "commit")
        return async (commit: Commit) => {
          if (commit.idempotencyKey !== undefined) await fail(() => memory.commit(commit));
          return memory.commit(commit);
        };
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
  const jobwire = new Jobwire(store, {});
  const topic = openTaskTopic(jobwire, { retainEndedMs: 60_000 });
  const service = new TaskService({
    topic,
    now: () => new Date(jobwire.now().getTime() + passedMs),
    kinds: {
      "export-events": async () => async () => ({ url: "", events: 0, bytes: 0 }),
      "prune-jobs": async () => async () => ({ jobs: 0 }),
    },
    limits: { maxRunning: 1, maxRunningPerOwner: 1 },
    onError: () => {},
  });
  const { id: taskId } = await service.startWork(alice, "prune-jobs", async () => async (handle) => {
    handle.progress(0.5, "half of it");
    await once(handle.signal, "abort");
    return { jobs: 0 };
  });
  return {
    pass: (ms: number) => (passedMs += ms),
    state: () => topic.state({ taskId }),
    async [Symbol.asyncDispose]() {
      await service.drain({ withinMs: 0 });
      await jobwire[Symbol.asyncDispose]();
    },
  };
}

const away = () => new AppError("STORE_UNAVAILABLE", "The store does not answer.");

test("a lease that could not be renewed while the store was away counts from when it was", async () => {
  let refusals = 1;
  await using task = await openRunningTask(async () => {
    if (refusals-- <= 0) return;
    task.pass(taskLeaseMs - 1000);
    throw away();
  });
  const startedAt = (await task.state())?.startedAt.getTime() ?? Infinity;
  const state = await vi.waitFor(async () => {
    const known = await task.state();
    expect(known).toMatchObject({ status: "running", progress: 0.5 });
    return known;
  }, patience);
  expect(state?.leaseExpiresAt.getTime()).toBeGreaterThan(startedAt + 2 * taskLeaseMs - 1000);
});

test("a renewal that was made long before it was heard of is soon followed by another", async () => {
  const commits: number[] = [];
  // Each time it is tried the store is asked twice: to make it, and whether it has been made.
  let lostAnswers = 8;
  await using _task = await openRunningTask(async (commit) => {
    if (lostAnswers === 0 || commits.length === 0) commits.push(performance.now());
    if (lostAnswers === 0) return;
    lostAnswers -= 1;
    await commit();
    throw away();
  });
  const [made = 0, , renewed = 0] = await vi.waitFor(() => {
    expect(commits.length).toBeGreaterThanOrEqual(3);
    return commits;
  }, patience);
  // A lease is renewed four times in its time; that the first was made was heard of after a fifth of it.
  expect(renewed - made).toBeLessThan(0.4 * taskLeaseMs);
});
