import { setTimeout as delay } from "node:timers/promises";
import { isTerminalJobStatus, type JobStatus } from "@jobwire/shared";
import { createTestClient, type TestClient } from "../../support/test-client.js";
import { TRPCClientError } from "@trpc/client";
import type { Ledger } from "./ledger.js";
import type { Random } from "./random.js";

export interface PublisherOptions {
  readonly name: string;
  readonly urls: readonly string[];
  readonly token: string;
  readonly random: Random;
  readonly ledger: Ledger;
  /** The jobs there are now. */
  readonly jobIds: () => readonly string[];
}

const callTimeoutMs = 8000;
const giveUpAfterMs = 90_000;

/** What follows each status while a job is driven round and round. */
const nextStatus: Partial<Record<JobStatus, JobStatus>> = {
  queued: "starting",
  starting: "scaffold",
  scaffold: "code",
  code: "deps",
  deps: "checks",
  checks: "scaffold",
};

/** A service that publishes and moves jobs through either server, and tries again until it has an answer. */
export class Publisher {
  readonly #clients: readonly TestClient[];
  #isStopped = false;
  #count = 0;
  #running: Promise<void> | undefined;

  constructor(private readonly options: PublisherOptions) {
    this.#clients = options.urls.map((url) => createTestClient({ url, token: options.token }));
  }

  /** Goes on until `stop`. */
  start(): void {
    this.#isStopped = false;
    this.#running = this.#run();
    // It is awaited by `stop`.
    this.#running.catch(() => {});
  }

  /** Resolves when the last call has its answer. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  /** @returns the text that marks the event, or `null` when the job is gone. */
  async publish(jobId: string): Promise<string | null> {
    const { ledger, random } = this.options;
    const mark = this.#mark();
    const event = {
      type: "build.progress",
      stage: "code",
      percent: random.integer(0, 100),
      message: mark,
    } as const;
    ledger.begin({ mark, jobId });
    const id = await this.#until(async (client, signal) => {
      const answer = await client.jobs.publish.mutate({ jobId, event, idempotencyKey: mark }, { signal });
      return answer.id;
    }, ledger);
    ledger.settle(mark, id);
    return id === null ? null : mark;
  }

  /** As `publish`, to the job's output. */
  async write(jobId: string): Promise<string | null> {
    const { ledger, random } = this.options;
    const mark = this.#mark();
    const stream = random.pick(["stdout", "stderr"] as const);
    const piece = { stage: "code", attempt: 1, stream, text: mark } as const;
    ledger.begin({ mark, jobId, isOutput: true });
    const id = await this.#until(async (client, signal) => {
      const input = { jobId, pieces: [piece], idempotencyKey: mark };
      return (await client.work.write.mutate(input, { signal })).ids[0] ?? "";
    }, ledger);
    ledger.settle(mark, id);
    return id === null ? null : mark;
  }

  /** Ends the job from outside; its message tells whether it was this call. */
  async cancel(jobId: string): Promise<string | null> {
    const { ledger } = this.options;
    const mark = this.#mark();
    ledger.begin({ mark, jobId });
    const done = await this.#until(async (client, signal) => {
      const job = await client.jobs.get.query({ jobId }, { signal });
      if (job.message.endsWith(`: ${mark}`)) return "";
      await client.jobs.cancel.mutate({ jobId, reason: mark }, { signal });
      return "";
    }, ledger);
    ledger.settle(mark, done);
    return done === null ? null : mark;
  }

  /** Creates a job for this user and cancels it, whatever happens meanwhile. @returns which one, and what marks its end. */
  async cancelNew(userToken: string): Promise<{ readonly jobId: string; readonly mark: string } | null> {
    const { ledger, urls } = this.options;
    const clients = urls.map((url) => createTestClient({ url, token: userToken }));
    const jobId = await this.#until(async (_client, signal) => {
      const client = this.options.random.pick(clients);
      return (await client.jobs.create.mutate({}, { signal })).id;
    }, ledger);
    const mark = jobId === null ? null : await this.cancel(jobId);
    return jobId === null || mark === null ? null : { jobId, mark };
  }

  /** Moves the job on by one status, or to its end. Only one publisher moves a job: the message tells whether it did. */
  async move(jobId: string, end?: "failed"): Promise<string | null> {
    const { ledger } = this.options;
    const mark = this.#mark();
    ledger.begin({ mark, jobId });
    const done = await this.#until(async (client, signal) => {
      const job = await client.jobs.get.query({ jobId }, { signal });
      if (job.message === mark) return "";
      const to = isTerminalJobStatus(job.status) ? undefined : (end ?? nextStatus[job.status]);
      if (to === undefined) return null;
      await client.jobs.transition.mutate({ jobId, to, message: mark }, { signal });
      return "";
    }, ledger);
    ledger.settle(mark, done);
    return done === null ? null : mark;
  }

  async #run(): Promise<void> {
    const { random, jobIds } = this.options;
    while (!this.#isStopped) {
      const jobId = random.pick(jobIds());
      await (random.integer(0, 3) === 0 ? this.write(jobId) : this.publish(jobId));
      await delay(random.integer(0, 12));
    }
  }

  #mark(): string {
    return `${this.options.name}/${++this.#count}`;
  }

  /** `null`: the job is not there any more. */
  async #until(
    call: (client: TestClient, signal: AbortSignal) => Promise<string | null>,
    ledger: Ledger,
  ): Promise<string | null> {
    const { random } = this.options;
    const deadline = Date.now() + giveUpAfterMs;
    for (;;) {
      try {
        return await call(random.pick(this.#clients), AbortSignal.timeout(callTimeoutMs));
      } catch (error) {
        const reason = reasonOf(error);
        if (reason === "JOB_NOT_FOUND" || reason === "JOB_FINISHED") return null;
        const isDoubtful = reason === undefined || reason === "STORE_UNAVAILABLE";
        if (isDoubtful) ledger.retried += 1;
        if (!isDoubtful && reason !== "JOB_CHANGED" && reason !== "TRANSITION_INVALID") throw error;
        if (Date.now() > deadline) throw error;
        await delay(random.integer(20, 120));
      }
    }
  }
}

function reasonOf(error: unknown): string | null | undefined {
  if (!(error instanceof TRPCClientError)) throw error;
  const data: unknown = error.data;
  return typeof data === "object" && data !== null && "reason" in data ? String(data.reason) : undefined;
}
