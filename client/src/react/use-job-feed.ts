"use client";

import { useMemo } from "react";
import type { JobFeed } from "../live/job-feed.js";
import { everyJob, nameOfFilter, type JobFeedFilter } from "../live/job-feed-filter.js";
import { applyJob, emptyJobView } from "../job-view.js";
import { usePreloaded } from "./preloaded-jobs.js";
import { useJobwireStreams } from "./provider.js";
import {
  itself,
  type Choosing,
  type KnownStreamResult,
  type Selecting,
  type SkipOptions,
  type StreamResult,
  type Whole,
} from "./stream-result.js";
import { useSuspenseWatched, useWatched } from "./use-watched.js";

/** What `useJobFeed` gives. */
export type JobFeedResult = StreamResult<JobFeed, "jobs">;
/** With something to show from the beginning. */
export type KnownJobFeedResult = KnownStreamResult<JobFeed, "jobs">;

/** Which jobs are watched. */
export interface JobFeedFilterOptions {
  /** Only these jobs; default: all of the user. Jobs come and go as their status changes. Another filter begins anew. */
  readonly filter?: JobFeedFilter | undefined;
}

/** Jobs, live, over one stream however many there are. */
export function useJobFeed<Selected>(
  options: JobFeedFilterOptions & SkipOptions & Selecting<JobFeedResult, Selected>,
): Selected;
export function useJobFeed(options?: JobFeedFilterOptions & SkipOptions & Whole): JobFeedResult;
export function useJobFeed<Selected>({
  filter,
  skip,
  select = itself,
}: JobFeedFilterOptions & SkipOptions & Choosing<JobFeedResult, Selected> = {}): JobFeedResult | Selected {
  return useWatched(useFeed(filter), { skip, select });
}

/**
 * The same for who would rather suspend than have no jobs yet. The stream is opened while rendering.
 * @throws StreamError to the error boundary when it fails before.
 */
export function useSuspenseJobFeed<Selected>(options: Selecting<KnownJobFeedResult, Selected>): Selected;
export function useSuspenseJobFeed(options?: Whole): KnownJobFeedResult;
export function useSuspenseJobFeed<Selected>({
  select = itself,
}: Choosing<KnownJobFeedResult, Selected> = {}): KnownJobFeedResult | Selected {
  return useSuspenseWatched(useFeed(), select);
}

function useFeed(filter?: JobFeedFilter) {
  const pool = useJobwireStreams().feed;
  const { page } = usePreloaded();
  const input = nameOfFilter(filter);
  const first = useMemo(
    () => (input === everyJob && page ? page.items.map((job) => applyJob(emptyJobView(job.id), job)) : null),
    [page, input],
  );
  return { pool, input, field: "jobs", first } as const;
}
