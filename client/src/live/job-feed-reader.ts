import type { Job, JobEvent, JobFeedEvent, JobPage } from "@jobwire/shared";
import { followSubscription, type Subscribe } from "./follow-subscription.js";
import { isStreamError, keepLoading } from "./keep-loading.js";
import type { StreamSink } from "./shared-stream.js";

export interface JobFeedCalls {
  readonly subscribe: Subscribe<JobFeedEvent>;
  /** One page, newest first, from after the job `cursor`. */
  readonly list: (cursor: string | null, signal: AbortSignal) => Promise<JobPage>;
}

/** The greatest page that `jobs.list` gives, and the size of the snapshot after a gap. */
export const pageSize = 100;

export type JobFeedItem =
  | { readonly kind: "event"; readonly event: JobEvent }
  | { readonly kind: "removed"; readonly jobId: string }
  | {
      readonly kind: "jobs";
      readonly jobs: readonly Job[];
      /** They replace all others. */
      readonly isReset: boolean;
      readonly loadMore: (() => void) | null;
    }
  | { readonly kind: "loading" };

/** Reads the feed until the function it returns is called. */
export function readJobFeed(calls: JobFeedCalls, sink: StreamSink<JobFeedItem>): () => void {
  const reader = new JobFeedReader(calls, sink);
  return () => reader.stop();
}

/**
 * Pages say what a job is, events what changes about it. Of a job that is not loaded an event may be the first: then
 * the newest page is loaded. Jobs beyond the loaded pages come with `loadMore`, in the state they are in by then.
 */
class JobFeedReader {
  readonly #calls: JobFeedCalls;
  readonly #sink: StreamSink<JobFeedItem>;
  readonly #unsubscribe: () => void;
  readonly #known = new Set<string>();
  /** The oldest loaded job when there are older ones. */
  #oldest: string | null = null;
  /** Events that came while a page was on its way: they are newer than the page, or it says them already. */
  #held: JobEvent[] = [];
  #loading: AbortController | null = null;
  #isAttached = false;
  #isLoaded = false;

  constructor(calls: JobFeedCalls, sink: StreamSink<JobFeedItem>) {
    this.#calls = calls;
    this.#sink = sink;
    this.#unsubscribe = followSubscription<JobFeedEvent>(calls.subscribe, {
      push: ({ data }) => this.#take(data),
      connect: (connection) => {
        sink.connect(connection);
        if (connection.state !== "live" || this.#isAttached) return;
        this.#isAttached = true;
        void this.#load((signal) => this.#loadNewest(signal));
      },
    });
  }

  stop(): void {
    this.#loading?.abort();
    this.#unsubscribe();
  }

  #take(event: JobFeedEvent): void {
    if (event.type === "stream.gap") this.#reset(event.snapshot);
    else if (event.type === "stream.removed") this.#forget(event.jobId);
    else if (this.#loading) this.#held.push(event);
    else if (this.#known.has(event.jobId)) this.#sink.push({ kind: "event", event });
    else if (this.#oldest === null || event.jobId > this.#oldest) {
      this.#held.push(event);
      void this.#load((signal) => this.#loadNewest(signal));
    }
  }

  #forget(jobId: string): void {
    this.#held = this.#held.filter((event) => event.jobId !== jobId);
    if (this.#known.delete(jobId)) this.#sink.push({ kind: "removed", jobId });
  }

  /** After a gap; a page that is on its way may be from before it. */
  #reset(newest: readonly Job[]): void {
    this.#loading?.abort();
    this.#loading = null;
    this.#held = [];
    this.#isLoaded = true;
    this.#known.clear();
    this.#show(newest, newest.length < pageSize ? null : (newest.at(-1)?.id ?? null), true);
  }

  async #load(load: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const loading = new AbortController();
    this.#loading = loading;
    // Those that a page does not know although it is newer are gone.
    const asked = new Set(this.#held.map(({ jobId }) => jobId));
    try {
      await load(loading.signal);
    } catch (error) {
      if (!isStreamError(error)) throw error;
      this.#sink.connect({ state: "failed", error });
    }
    if (loading.signal.aborted) return;
    this.#loading = null;
    const held = this.#held;
    this.#held = [];
    for (const event of held) if (this.#known.has(event.jobId) || !asked.has(event.jobId)) this.#take(event);
  }

  /** The first page, and further ones while all on them is new. */
  async #loadNewest(signal: AbortSignal): Promise<void> {
    const isFirst = !this.#isLoaded;
    for (let cursor: string | null = null; ;) {
      const page: JobPage | null = await this.#page(cursor, signal);
      if (!page) return;
      this.#isLoaded = true;
      const isJoined = page.items.some(({ id }) => this.#known.has(id));
      cursor = page.nextCursor;
      this.#show(page.items, isFirst ? cursor : this.#oldest, false);
      if (isFirst || isJoined || cursor === null) return;
    }
  }

  async #loadOlder(signal: AbortSignal): Promise<void> {
    const page = await this.#page(this.#oldest, signal);
    if (page) this.#show(page.items, page.nextCursor, false);
  }

  #page(cursor: string | null, signal: AbortSignal): Promise<JobPage | null> {
    return keepLoading(() => this.#calls.list(cursor, signal), signal);
  }

  #show(jobs: readonly Job[], oldest: string | null, isReset: boolean): void {
    for (const { id } of jobs) this.#known.add(id);
    this.#oldest = oldest;
    const loadMore = () => {
      if (this.#loading) return;
      this.#sink.push({ kind: "loading" });
      void this.#load((signal) => this.#loadOlder(signal));
    };
    this.#sink.push({ kind: "jobs", jobs, isReset, loadMore: oldest === null ? null : loadMore });
  }
}
