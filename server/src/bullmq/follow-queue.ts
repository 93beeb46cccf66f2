import { setTimeout as delay } from "node:timers/promises";
import { Queue, type Job } from "bullmq";
import type { z } from "zod";
import type { Jobwire } from "../topics/index.js";
import { JobLogs } from "./job-logs.js";
import { timeOf } from "./queue-entry.js";
import { QueuePosition } from "./queue-position.js";
import { QueueReader } from "./queue-reader.js";
import type { AnyQueueTopic, QueueTopic } from "./queue-topic.js";

interface Following {
  readonly jobwire: Jobwire;
  /** The name of the queue. */
  readonly queue: string;
  /** The queue's Redis: `redis://` or `rediss://`. */
  readonly url: string;
  /** What BullMQ was given as `prefix`; default `bull`. */
  readonly prefix?: string;
  /** Hears when reading or writing fails, once until it works again. It is tried again by itself. */
  readonly onError?: (error: unknown) => void;
}

/** Which queue is followed, and into which topic. */
export interface FollowQueueOptions<
  Name extends string,
  Progress extends z.ZodType,
  Result extends z.ZodType,
> extends Following {
  readonly topic: QueueTopic<Name, Progress, Result>;
}

const retryMs = 250;
const standbyMs = 1000;

/**
 * Fills a queue's topic from the stream of events that BullMQ writes in the same step as it moves a job: what happened to
 * a job is there, also when its worker died or this process was away. The position is kept beside the topic; of the processes that follow
 * a queue one reads, and another goes on when it is gone.
 * @returns What ends it.
 */
export function followQueue<Name extends string, Progress extends z.ZodType, Result extends z.ZodType>(
  options: FollowQueueOptions<Name, Progress, Result>,
): AsyncDisposable;
export function followQueue(options: Following & { readonly topic: AnyQueueTopic }): AsyncDisposable {
  const stop = new AbortController();
  const follower = new QueueFollower(options, stop.signal);
  const running = follower.run();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

class QueueFollower {
  readonly #reader: QueueReader;
  readonly #position: QueuePosition;
  readonly #logs: JobLogs;
  #isFailing = false;
  /** Entries were trimmed unread: when all others are read, the jobs themselves are asked. */
  #hasMissed = false;

  constructor(
    private readonly options: Following & { readonly topic: AnyQueueTopic },
    private readonly signal: AbortSignal,
  ) {
    const { jobwire, topic, queue, url, prefix = "bull" } = options;
    this.#reader = new QueueReader(url, `${prefix}:${queue}:events`);
    this.#position = new QueuePosition(jobwire, `${prefix}:${queue} ${topic.definition.name}`);
    this.#logs = new JobLogs(topic);
  }

  async run(): Promise<void> {
    const stopReading = () => this.#reader[Symbol.dispose]();
    this.signal.addEventListener("abort", stopReading, { once: true });
    if (this.signal.aborted) stopReading();
    while (!this.signal.aborted) {
      try {
        const position = await this.#position.hold();
        if (position === null) await this.#pause(standbyMs);
        else await this.#readFrom(position);
        this.#isFailing = false;
      } catch (error) {
        if (this.signal.aborted) break;
        if (!this.#isFailing) this.options.onError?.(error);
        this.#isFailing = true;
        await this.#pause(retryMs);
      }
    }
    // When the store is away the lease ends by itself.
    await this.#position.release().catch(() => {});
  }

  /** Until nothing follows for a while, or another one reads. */
  async #readFrom(start: string): Promise<void> {
    let position = start;
    while (!this.signal.aborted) {
      const { entries, next, before } = await this.#reader.read(position);
      if (before !== position) await this.#sayMissed(position);
      if (next === null) {
        if (this.#hasMissed) await this.#askJobs(position);
        // The next one is not missed again.
        if (before !== position) await this.#position.move(before);
        await this.#reader.wait(position);
        return;
      }
      await this.#logs.append(entries);
      if (!(await this.#position.move(next))) return;
      position = next;
    }
  }

  async #sayMissed(position: string): Promise<void> {
    this.#hasMissed = true;
    const problem = "BullMQ has trimmed events of this queue before they were read.";
    for await (const { jobId } of this.#logs.open())
      await this.#logs.say(
        jobId,
        (state) => [
          { type: "job.missed", position: state.position, timestamp: this.options.jobwire.now(), problem },
        ],
        `missed ${position}`,
      );
  }

  /** What was missed of the jobs that are not told to have ended. */
  async #askJobs(position: string): Promise<void> {
    const { queue: name, url, prefix = "bull" } = this.options;
    const queue = new Queue(name, { connection: { url }, prefix });
    try {
      for await (const { jobId } of this.#logs.open()) {
        const found = await stateOf(queue, jobId);
        // What is in the stream by now is told by the stream.
        if ((await this.#reader.read(position)).next !== null) return;
        await this.#logs.say(jobId, () =>
          found.map((event) => ({ ...event, position, timestamp: timeOf(position) })),
        );
      }
      this.#hasMissed = false;
    } finally {
      await queue.close();
    }
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.signal }).catch(() => {});
  }
}

async function stateOf(queue: Queue, jobId: string): Promise<readonly object[]> {
  const job: Job<unknown, unknown> | undefined = await queue.getJob(jobId);
  if (!job) return [{ type: "job.removed" }];
  const progress = isGiven(job.progress) ? [{ type: "job.progress", progress: job.progress }] : [];
  if (await job.isCompleted())
    return [...progress, { type: "job.completed", result: job.returnvalue ?? null }];
  if (await job.isFailed()) return [...progress, { type: "job.failed", reason: job.failedReason }];
  return progress;
}

/** BullMQ begins with 0, whatever a progress is for this queue. */
function isGiven(progress: unknown): boolean {
  return progress !== 0 && progress !== undefined;
}
