import type { CollectionConfig, SyncConfig } from "@tanstack/db";
import type { JobwireClient } from "../create-client.js";
import type { JobView } from "../job-view.js";
import { everyJob } from "../live/job-feed-filter.js";
import { streamsOf, type JobwireStreams } from "../live/jobwire-streams.js";

/** What the collection has beside TanStack DB's own. */
// A type, as TanStack DB wants an index signature.
export type JobsCollectionUtils = {
  /** Brings older jobs. @returns `false` when there are none, or they are on their way. */
  readonly loadMore: () => boolean;
};

/**
 * The user's jobs as a collection: `createCollection(jobsCollectionOptions(client))`. The feed is the only one who writes to
 * it: what a call changes is there when the server has said so, never before.
 */
export function jobsCollectionOptions({ trpc }: Pick<JobwireClient, "trpc">): CollectionConfig<
  JobView,
  string,
  never,
  JobsCollectionUtils
> & {
  readonly utils: JobsCollectionUtils;
} {
  const { feed } = streamsOf(trpc);
  return {
    id: "jobwire/jobs",
    getKey: ({ jobId }) => jobId,
    // Newest first: ids sort by creation.
    compare: (one, other) => (one.jobId < other.jobId ? 1 : -1),
    sync: { rowUpdateMode: "full", sync: (target) => syncFeed(feed, target) },
    utils: {
      loadMore() {
        const { loadMore } = feed.read(everyJob).state;
        loadMore?.();
        return loadMore !== null;
      },
    },
  };
}

type SyncTarget = Pick<
  Parameters<SyncConfig<JobView, string>["sync"]>[0],
  "begin" | "write" | "commit" | "markReady" | "markError"
>;

/** @returns what ends it */
function syncFeed(
  feed: JobwireStreams["feed"],
  { begin, write, commit, markReady, markError }: SyncTarget,
): () => void {
  let taken: readonly JobView[] | null = null;
  let written: ReadonlyMap<string, JobView> | null = null;
  const take = () => {
    const { state, connection } = feed.read(everyJob);
    if (state.jobs === taken && written) return;
    if (state.jobs) {
      const views = new Map(state.jobs.map((view) => [view.jobId, view]));
      begin();
      for (const [jobId, view] of views) {
        const before = written?.get(jobId);
        if (before !== view) write({ type: before ? "update" : "insert", value: view });
      }
      for (const jobId of written?.keys() ?? []) if (!views.has(jobId)) write({ type: "delete", key: jobId });
      void commit();
      if (!written) markReady();
      written = views;
      taken = state.jobs;
    } else if (connection.state === "failed" && !written) markError(connection.error);
  };
  const stop = feed.subscribe(everyJob, take);
  take();
  return stop;
}
