import { setTimeout as delay } from "node:timers/promises";
import type { EventInputOf, TaskRecord, TaskResult, taskTopic } from "@jobwire/shared";
import { AppError } from "../app-error.js";
import { TaskFailure } from "./task-failure.js";
import type { TaskTopic } from "./task-topic.js";

/** What the work of a task is given. */
export interface TaskHandle {
  readonly taskId: string;
  /**
   * Says how far the work is: a fraction from 0 to 1, and what it is doing, for people. Sessions hear of it a few times
   * a second, and of the last one always.
   * @throws TaskFailure for a number that is no such fraction, and when the task has ended.
   */
  progress(fraction: number, text: string): void;
  /** Aborted when the task has been ended from outside: cancelled, or by a shutdown. */
  readonly signal: AbortSignal;
}

/** The work itself. What it throws fails the task. */
export type TaskWork<Result extends TaskResult = TaskResult> = (handle: TaskHandle) => Promise<Result>;

type TaskSays = EventInputOf<typeof taskTopic>;
type Outcome = Extract<TaskSays, { type: "task.completed" | "task.failed" }>;

export interface TaskRunOptions {
  readonly topic: TaskTopic;
  /** By the store's clock. */
  readonly now: () => Date;
  readonly onError: (error: unknown) => void;
}

/** How long a task may go without a sign of the process that runs it. */
export const taskLeaseMs = 10_000;
const renewAfterMs = 2500;
const progressIntervalMs = 250;
/** Of the time a task takes, how much at most goes into saying its progress: a service's goes to every session. */
const progressShare = 0.1;
const retryMs = 500;

/** One task in the process that runs it: says its progress, renews its lease and says its end. */
export class TaskRun {
  readonly #aborting = new AbortController();
  readonly #settled = new AbortController();
  readonly #givingUp = new AbortController();
  #unsaid: Pick<TaskRecord, "progress" | "text"> | null = null;
  #commits = 0;
  #lost = false;

  constructor(
    private readonly task: Pick<TaskRecord, "id" | "kind">,
    private readonly options: TaskRunOptions,
  ) {}

  /** Resolves when the end of the task has been said, or cannot be, and the work is at rest. */
  async perform(work: TaskWork): Promise<void> {
    const handle: TaskHandle = {
      taskId: this.task.id,
      progress: (fraction, text) => this.#say(fraction, text),
      signal: this.#aborting.signal,
    };
    const working = (async () => work(handle))();
    const keeping = this.#keep().catch((error: unknown) => this.#aborting.abort(error));
    const outcome = await this.#outcomeOf(working);
    this.#settled.abort();
    await keeping;
    if (!this.#lost) await this.#end(outcome).catch(this.options.onError);
    await Promise.allSettled([working]);
  }

  /** Somebody else has ended the task: its work is to stop, and nothing more is said about it. */
  lose(): void {
    this.#lost = true;
    this.#aborting.abort(new TaskFailure("The task was ended from outside."));
  }

  /** Fails the task for this reason without waiting for its work or for a store that is away. */
  stop(reason: TaskFailure): void {
    this.#aborting.abort(reason);
    this.#givingUp.abort();
  }

  #say(fraction: number, text: string): void {
    this.#aborting.signal.throwIfAborted();
    if (!(fraction >= 0 && fraction <= 1)) {
      throw new TaskFailure(`The task said its progress is ${fraction}; it must be from 0 to 1.`);
    }
    this.#unsaid = { progress: fraction, text };
  }

  async #outcomeOf(working: Promise<TaskResult>): Promise<Outcome> {
    try {
      const result = await Promise.race([working, rejection(this.#aborting.signal)]);
      return { type: "task.completed", kind: this.task.kind, result };
    } catch (error) {
      return { type: "task.failed", kind: this.task.kind, error: this.#explain(error) };
    }
  }

  /** Until the work is settled, says its progress, or renews the lease when there was none to say. */
  async #keep(): Promise<void> {
    let renewAt = performance.now() + renewAfterMs;
    let intervalMs = progressIntervalMs;
    while (await pause(intervalMs, this.#settled.signal)) {
      if (this.#lost) return;
      if (!this.#unsaid && performance.now() < renewAt) continue;
      const startedAt = performance.now();
      await this.#commit(this.#takeUnsaid());
      const tookMs = performance.now() - startedAt;
      // From when it was first tried: it may have been made then, although that was heard only now.
      renewAt = startedAt + renewAfterMs;
      intervalMs = Math.max(
        progressIntervalMs,
        Math.min(tookMs / progressShare, renewAt - performance.now()),
      );
    }
  }

  async #end(outcome: Outcome): Promise<void> {
    await this.#commit([...this.#takeUnsaid(), outcome]);
  }

  #takeUnsaid(): TaskSays[] {
    const said = this.#unsaid;
    this.#unsaid = null;
    return said ? [{ type: "task.progress", kind: this.task.kind, ...said }] : [];
  }

  /**
   * Renews the lease with what is said. While the store is away the same commit is tried again: it may have been made
   * although nobody heard so, and its idempotency key tells.
   */
  async #commit(events: readonly TaskSays[]): Promise<void> {
    const { topic, now } = this.options;
    const idempotencyKey = String(++this.#commits);
    for (;;) {
      try {
        await topic.change(
          { taskId: this.task.id },
          (task) => {
            if (task?.status !== "running") throw new EndedElsewhere();
            const timestamp = now();
            const leaseExpiresAt = new Date(timestamp.getTime() + taskLeaseMs);
            return {
              state: { ...task, leaseExpiresAt, updatedAt: timestamp },
              events: events.map((event) => ({ ...event, timestamp })),
            };
          },
          { idempotencyKey },
        );
        return;
      } catch (error) {
        if (error instanceof EndedElsewhere) return this.lose();
        const isAway = error instanceof AppError && error.reason === "STORE_UNAVAILABLE";
        if (!isAway || !(await pause(retryMs, this.#givingUp.signal))) throw error;
      }
    }
  }

  #explain(error: unknown): string {
    if (error instanceof TaskFailure || error instanceof AppError) return error.message;
    this.options.onError(error);
    return "Something went wrong on the server.";
  }
}

/** The task is not running any more: somebody has cancelled it, or its lease ran out. */
class EndedElsewhere extends Error {}

/** Never resolves; rejects with the signal's reason. */
function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
    if (signal.aborted) fail();
    else signal.addEventListener("abort", fail, { once: true });
  });
}

/** @returns false when the signal was aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return delay(ms, true, { signal }).catch(() => false);
}
