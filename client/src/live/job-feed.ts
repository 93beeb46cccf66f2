import { applyJob, applyJobEvent, emptyJobView, type JobView } from "../job-view.js";
import { readJobFeed, type JobFeedCalls, type JobFeedItem } from "./job-feed-reader.js";
import type { StreamSource } from "./shared-stream.js";

/** The jobs that are loaded, as the stream says they are. */
export interface JobFeed {
  /** Newest first, without pictures and documents; `null` until they are known. */
  readonly jobs: readonly JobView[] | null;
  /** Brings older jobs; `null` when there are none, or they are on their way. */
  readonly loadMore: (() => void) | null;
  /** Grows whenever any job enters a stage or goes, also one that is not shown: what was counted can be counted anew. */
  readonly changes: number;
}

export const emptyJobFeed: JobFeed = { jobs: null, loadMore: null, changes: 0 };

export function createJobFeed(calls: JobFeedCalls): StreamSource<JobFeed, JobFeedItem> {
  return { reduce: reduceJobFeed, open: (sink) => readJobFeed(calls, sink) };
}

function reduceJobFeed(feed: JobFeed, items: readonly JobFeedItem[]): JobFeed {
  const views = new Map(feed.jobs?.map((view) => [view.jobId, view]));
  let { loadMore, changes } = feed;
  let isOrdered = true;
  for (const item of items) {
    if (item.kind === "event") {
      const view = views.get(item.event.jobId);
      if (view) views.set(view.jobId, applyJobEvent(view, item.event));
      if (item.event.type === "build.stage.started") changes += 1;
      continue;
    }
    if (item.kind === "removed" || item.kind === "elsewhere") {
      if (item.kind === "removed") views.delete(item.jobId);
      changes += 1;
      continue;
    }
    if (item.kind === "loading") {
      loadMore = null;
      continue;
    }
    if (item.isReset) views.clear();
    for (const job of item.jobs) {
      views.set(job.id, applyJob(views.get(job.id) ?? emptyJobView(job.id), job));
    }
    ({ loadMore } = item);
    changes += 1;
    isOrdered = false;
  }
  const jobs = [...views.values()];
  return { jobs: isOrdered ? jobs : jobs.toSorted(newestFirst), loadMore, changes };
}

/** Ids sort by creation. */
function newestFirst(one: JobView, other: JobView): number {
  return one.jobId < other.jobId ? 1 : -1;
}
