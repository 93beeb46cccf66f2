import { setTimeout as delay } from "node:timers/promises";
import type { Task } from "@jobwire/shared";
import { describe, expect, test, vi } from "vitest";
import type { Principal } from "../../server/src/principal.js";
import { openMemoryStore } from "../../server/src/store/memory-store.js";
import type { TaskWork } from "../../server/src/tasks/task-run.js";
import { TaskService } from "../../server/src/tasks/task-service.js";
import { openTaskTopic } from "../../server/src/tasks/task-topic.js";
import { Jobwire } from "../../server/src/topics/index.js";

const alice: Principal = { userId: "alice", role: "user", expiresAt: new Date(8_640_000_000_000_000) };

type PruneWork = TaskWork<{ jobs: number }>;

/** The service without a server around it, for work that no kind of the contract does. */
function openTaskService(limits = { maxRunning: 10, maxRunningPerOwner: 10 }) {
  const store = openMemoryStore({ maxEvents: 100 });
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const jobwire = new Jobwire(store, { onError });
  const service = new TaskService({
    topic: openTaskTopic(jobwire, { retainEndedMs: 60_000 }),
    now: () => jobwire.now(),
    kinds: {
      "export-events": async () => async () => ({ url: "", events: 0, bytes: 0 }),
      "prune-jobs": async () => async () => ({ jobs: 0 }),
    },
    limits,
    onError,
  });
  const ended = (id: string) =>
    vi.waitFor(
      async () => {
        const task = await service.get(alice, id);
        expect(task.status).not.toBe("running");
        return task;
      },
      { timeout: 20_000, interval: 5 },
    );
  return {
    service,
    errors,
    start: (work: PruneWork): Promise<Task> => service.startWork(alice, "prune-jobs", async () => work),
    ended,
    /** Does this work and waits for the end of the task. */
    async perform(work: PruneWork): Promise<Task> {
      const { id } = await service.startWork(alice, "prune-jobs", async () => work);
      return ended(id);
    },
    async [Symbol.asyncDispose]() {
      await service.drain({ withinMs: 0 });
      await jobwire[Symbol.asyncDispose]();
    },
  };
}

describe("the work of a task", () => {
  test.each([-0.01, 1.01, 100, Number.NaN, Infinity, -Infinity])(
    "that says its progress is %d fails and names the number",
    async (fraction) => {
      await using tasks = openTaskService();
      const task = await tasks.perform(async ({ progress }) => {
        progress(fraction, "on the way");
        return { jobs: 1 };
      });
      expect(task).toMatchObject({ status: "failed", progress: 0, result: null });
      expect(task.error).toContain(`${fraction}`);
      expect(task.error).toContain("from 0 to 1");
    },
  );

  test.each([0, 0.5, 1])("may say its progress is %d", async (fraction) => {
    await using tasks = openTaskService();
    const task = await tasks.perform(async (handle) => {
      handle.progress(fraction, "on the way");
      throw new Error("to see what was said last");
    });
    expect(task).toMatchObject({ status: "failed", progress: fraction, text: "on the way" });
  });

  test("that throws something unforeseen fails without telling what, and the log is told", async () => {
    await using tasks = openTaskService();
    const error = new TypeError("password hunter2 is undefined");
    const task = await tasks.perform(async () => {
      throw error;
    });
    expect(task).toMatchObject({ status: "failed", error: "Something went wrong on the server." });
    expect(tasks.errors).toEqual([error]);
  });

  test("that throws at once fails, too", async () => {
    await using tasks = openTaskService();
    const task = await tasks.perform(() => {
      throw new Error("at once");
    });
    expect(task.status).toBe("failed");
  });

  test("that is cancelled is stopped by its signal, and by the next progress it says", async () => {
    await using tasks = openTaskService();
    let reason: unknown;
    const { id } = await tasks.start(async (handle) => {
      await delay(600_000, undefined, { signal: handle.signal }).catch(() => {});
      try {
        handle.progress(0.5, "still here");
      } catch (error) {
        reason = error;
      }
      return { jobs: 1 };
    });
    await tasks.service.cancel(alice, id);
    await vi.waitFor(() => expect(reason).toBeInstanceOf(Error));
    expect(await tasks.ended(id)).toMatchObject({ status: "cancelled", progress: 0, result: null });
  });

  test("keeps its place until it has stopped, cancelled or not", async () => {
    await using tasks = openTaskService({ maxRunning: 1, maxRunningPerOwner: 1 });
    const { promise: stopped, resolve: stop } = withResolvers();
    const { id } = await tasks.start(async () => {
      await stopped;
      return { jobs: 1 };
    });
    await tasks.service.cancel(alice, id);
    await expect(tasks.start(async () => ({ jobs: 2 }))).rejects.toMatchObject({ reason: "TASKS_BUSY" });
    stop();
    const next = await vi.waitFor(() => tasks.start(async () => ({ jobs: 2 })));
    expect(await tasks.ended(next.id)).toMatchObject({ result: { jobs: 2 } });
    expect(await tasks.ended(id)).toMatchObject({ status: "cancelled", result: null });
  });

  test("that does not heed its signal does not hold up a shutdown for ever", async () => {
    await using tasks = openTaskService();
    const { promise: never } = withResolvers();
    const { id } = await tasks.start(async () => {
      await never;
      return { jobs: 1 };
    });
    await tasks.service.drain({ withinMs: 10 });
    expect(await tasks.service.get(alice, id)).toMatchObject({
      status: "failed",
      error: "The server was stopped before the task was done; start it again.",
    });
    await expect(tasks.start(async () => ({ jobs: 1 }))).rejects.toMatchObject({ reason: "SHUTTING_DOWN" });
  });

  test("that ends while the server drains is waited for no longer than it takes", async () => {
    await using tasks = openTaskService();
    const { promise: stopped, resolve: stop } = withResolvers();
    const { id } = await tasks.start(async () => {
      await stopped;
      return { jobs: 3 };
    });
    const drained = tasks.service.drain({ withinMs: 600_000 });
    stop();
    await drained;
    expect(await tasks.service.get(alice, id)).toMatchObject({ status: "completed", result: { jobs: 3 } });
  });
});

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
