import type { JobwireTrpc } from "../create-client.js";
import { timerMs } from "../timer-ms.js";
import type { WorkerLogger } from "./logger.js";
import { retryTransient } from "./retry.js";
import { watchWork } from "./watch-work.js";

/** A job that probably waits for a worker: the claim decides. */
export interface Candidate {
  readonly jobId: string;
  readonly pipeline: string;
}

export interface WorkQueueOptions {
  readonly client: JobwireTrpc;
  readonly pipelines: readonly string[];
  readonly pollMs: number;
  readonly logger: WorkerLogger;
}

/**
 * What waits for a worker. The streams say at once what is new; the query says what is true, and is asked whenever
 * the streams may have left something out.
 */
export class WorkQueue implements AsyncDisposable {
  readonly #options: WorkQueueOptions;
  readonly #candidates = new Map<string, Candidate>();
  readonly #takers: ((candidate: Candidate | null) => void)[] = [];
  readonly #closed = new AbortController();
  readonly #poll: NodeJS.Timeout;
  readonly #watches: readonly Disposable[];
  #isRefreshDue = false;
  #refreshing: Promise<void> | undefined;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#poll = setInterval(() => this.refresh(), timerMs(options.pollMs));
    this.#watches = options.pipelines.map((pipeline) =>
      watchWork({
        client: options.client,
        pipeline,
        logger: options.logger,
        onWaiting: (jobId) => this.#add({ jobId, pipeline }),
        onUnsure: () => this.refresh(),
      }),
    );
    this.refresh();
  }

  /** Resolves with the next candidate once there is one; with `null` once the queue is closed. */
  async take(): Promise<Candidate | null> {
    if (this.#closed.signal.aborted) return null;
    const [oldest] = this.#candidates.values();
    if (oldest) {
      this.#candidates.delete(oldest.jobId);
      return oldest;
    }
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** Asks the server what waits. */
  refresh(): void {
    this.#isRefreshDue = true;
    this.#refreshing ??= this.#refreshWhileDue();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    clearInterval(this.#poll);
    for (const watch of this.#watches) watch[Symbol.dispose]();
    for (const take of this.#takers.splice(0)) take(null);
    await this.#refreshing;
  }

  async #refreshWhileDue(): Promise<void> {
    const { client, pipelines, logger } = this.#options;
    const { signal: closed } = this.#closed;
    while (this.#isRefreshDue && !closed.aborted) {
      this.#isRefreshDue = false;
      try {
        const { items } = await retryTransient(
          (signal) => client.work.waiting.query({ pipelines: [...pipelines] }, { signal }),
          {
            signal: closed,
            onRetry: (error) => logger.warn({ err: error }, "cannot ask what waits, trying again"),
          },
        );
        for (const item of items) this.#add(item);
      } catch (error) {
        if (!closed.aborted) logger.error({ err: error }, "cannot ask what waits");
      }
    }
    this.#refreshing = undefined;
  }

  #add(candidate: Candidate): void {
    const take = this.#takers.shift();
    if (take) take(candidate);
    else if (this.#candidates.size < maxCandidates) this.#candidates.set(candidate.jobId, candidate);
  }
}

/** The rest of a longer queue stays with the server until these are taken. */
const maxCandidates = 1000;
