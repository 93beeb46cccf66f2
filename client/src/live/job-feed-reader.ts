import type { Job, JobEvent, JobFeedEvent, JobPage, JobStatus } from "@jobwire/shared";
import { followSubscription, type Subscribe } from "./follow-subscription.js";
import { isStreamError, keepLoading } from "./keep-loading.js";
import type { StreamSink } from "./shared-stream.js";

/** What the feed is to show. */
export interface JobFeedSelection {
  readonly status: readonly JobStatus[];
  /** Whether a job that is meant once is always meant, whatever becomes of it but for its status. */
  readonly isFixed: boolean;
}

export interface JobFeedCalls {
  readonly subscribe: Subscribe<JobFeedEvent>;
  /** One page of the jobs that are meant, newest first, from after the job `cursor`. */
  readonly list: (page: JobPageRequest, signal: AbortSignal) => Promise<JobPage>;
  /** Default: every job that the events are about. */
  readonly selection?: JobFeedSelection | undefined;
}

interface JobPageRequest {
  readonly limit: number;
  readonly cursor: string | null;
  /** Also those that have another status than is meant. */
  readonly isAnyStatus: boolean;
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
  | { readonly kind: "loading" }
  /** A job that is not shown has changed. */
  | { readonly kind: "elsewhere" };

/** How long is waited for more jobs to ask about, and of how many one by one. */
const lookAfterMs = 150;
const maxLooks = 10;
/** Of so many jobs that are not meant it is remembered. */
const maxForeign = 10_000;

/** Reads the feed until the function it returns is called. */
export function readJobFeed(calls: JobFeedCalls, sink: StreamSink<JobFeedItem>): () => void {
  const reader = new JobFeedReader(calls, sink);
  return () => reader.stop();
}

/**
 * Pages say what a job is, events what changes about it. Of a job that is not loaded an event may be the first: then
 * the newest page is loaded or, where not all jobs are meant, that job. Jobs beyond the loaded pages come with `loadMore`, in
 * the state they are in by then.
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
  #isLoaded = false;
  /** The stream goes on after an event that was seen, so nothing is missing when it comes back. */
  #hasPlace = false;
  /** Jobs that may be meant since their last event, and those that are not. */
  readonly #candidates = new Set<string>();
  readonly #foreign = new Set<string>();
  #looking: ReturnType<typeof setTimeout> | undefined;

  constructor(calls: JobFeedCalls, sink: StreamSink<JobFeedItem>) {
    this.#calls = calls;
    this.#sink = sink;
    let isLive = false;
    this.#unsubscribe = followSubscription<JobFeedEvent>(calls.subscribe, {
      push: ({ data }) => {
        this.#hasPlace = true;
        this.#take(data);
      },
      connect: (connection) => {
        sink.connect(connection);
        const wasLive = isLive;
        isLive = connection.state === "live";
        if (isLive && !wasLive && !this.#hasPlace) this.#loadAnew();
      },
    });
  }

  stop(): void {
    this.#loading?.abort();
    clearTimeout(this.#looking);
    this.#unsubscribe();
  }

  #take(event: JobFeedEvent): void {
    const { selection } = this.#calls;
    if (event.type === "stream.gap") {
      if (selection) this.#loadAnew();
      else this.#reset(event.snapshot);
    } else if (event.type === "stream.removed") this.#forget(event.jobId);
    else if (this.#loading) this.#held.push(event);
    else if (this.#known.has(event.jobId)) this.#change(event);
    else if (selection) this.#consider(event, selection);
    else if (this.#oldest === null || event.jobId > this.#oldest) {
      this.#held.push(event);
      void this.#load((signal) => this.#loadNewest(signal));
    }
  }

  #change(event: JobEvent): void {
    const { selection } = this.#calls;
    if (selection && event.type === "build.stage.started" && !selection.status.includes(event.status))
      this.#forget(event.jobId);
    else this.#sink.push({ kind: "event", event });
  }

  #forget(jobId: string): void {
    this.#held = this.#held.filter((event) => event.jobId !== jobId);
    this.#foreign.delete(jobId);
    if (this.#known.delete(jobId)) this.#sink.push({ kind: "removed", jobId });
    else this.#sink.push({ kind: "elsewhere" });
  }

  /** A job that is not shown may be one that is meant now. */
  #consider(event: JobEvent, { status }: JobFeedSelection): void {
    if (event.type !== "build.stage.started") return;
    this.#sink.push({ kind: "elsewhere" });
    if (!status.includes(event.status) || this.#foreign.has(event.jobId)) return;
    if (this.#oldest !== null && event.jobId < this.#oldest) return;
    this.#candidates.add(event.jobId);
    this.#looking ??= setTimeout(() => this.#look(), lookAfterMs);
  }

  #look(): void {
    this.#looking = undefined;
    if (this.#loading) this.#looking = setTimeout(() => this.#look(), lookAfterMs);
    else void this.#load((signal) => this.#loadCandidates(signal));
  }

  async #loadCandidates(signal: AbortSignal): Promise<void> {
    const { selection } = this.#calls;
    if (this.#candidates.size > maxLooks) await this.#loadNewest(signal);
    const wanted = [...this.#candidates].filter((id) => !this.#known.has(id)).slice(0, maxLooks);
    for (const id of wanted) {
      // Right before the job in the order of the list.
      const page = await this.#page({ limit: 1, cursor: `${id}~`, isAnyStatus: true }, signal);
      if (!page) return;
      this.#candidates.delete(id);
      const [job] = page.items;
      if (job?.id === id && selection?.status.includes(job.status)) this.#show([job], this.#oldest, false);
      else if (job?.id !== id && selection?.isFixed) this.#foreign.add(id);
    }
    if (this.#foreign.size > maxForeign) this.#foreign.clear();
    for (const id of this.#known) this.#candidates.delete(id);
    if (this.#candidates.size > 0) this.#looking ??= setTimeout(() => this.#look(), lookAfterMs);
  }

  /** What is shown stands until it is replaced. */
  #loadAnew(): void {
    this.#loading?.abort();
    this.#loading = null;
    this.#held = [];
    this.#isLoaded = false;
    void this.#load((signal) => this.#loadNewest(signal));
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
      // What is known stays; what becomes of the stream says nothing of the failure.
      this.stop();
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
      const page: JobPage | null = await this.#page({ limit: pageSize, cursor, isAnyStatus: false }, signal);
      if (!page) return;
      this.#isLoaded = true;
      if (isFirst) this.#known.clear();
      const isJoined = page.items.some(({ id }) => this.#known.has(id));
      cursor = page.nextCursor;
      this.#show(page.items, isFirst ? cursor : this.#oldest, isFirst);
      if (isFirst || isJoined || cursor === null) return;
    }
  }

  async #loadOlder(signal: AbortSignal): Promise<void> {
    const page = await this.#page({ limit: pageSize, cursor: this.#oldest, isAnyStatus: false }, signal);
    if (page) this.#show(page.items, page.nextCursor, false);
  }

  #page(request: JobPageRequest, signal: AbortSignal): Promise<JobPage | null> {
    return keepLoading((bounded) => this.#calls.list(request, bounded), signal);
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
