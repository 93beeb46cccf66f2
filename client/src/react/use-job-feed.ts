"use client";

import { useMemo } from "react";
import type { JobFeed } from "../live/job-feed.js";
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

export type JobFeedResult = StreamResult<JobFeed, "jobs">;
/** With something to show from the beginning. */
export type KnownJobFeedResult = KnownStreamResult<JobFeed, "jobs">;

/** All jobs of the user, live, over one stream however many there are. */
export function useJobFeed<Selected>(options: SkipOptions & Selecting<JobFeedResult, Selected>): Selected;
export function useJobFeed(options?: SkipOptions & Whole): JobFeedResult;
export function useJobFeed<Selected>({
  skip,
  select = itself,
}: SkipOptions & Choosing<JobFeedResult, Selected> = {}): JobFeedResult | Selected {
  return useWatched(useFeed(), { skip, select });
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

function useFeed() {
  const pool = useJobwireStreams().feed;
  const { page } = usePreloaded();
  const first = useMemo(() => page && page.items.map((job) => applyJob(emptyJobView(job.id), job)), [page]);
  return { pool, input: null, field: "jobs", first } as const;
}
