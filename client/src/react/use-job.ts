"use client";

import { use, useMemo } from "react";
import type { Job } from "@jobwire/shared";
import { applyJob, emptyJobView, type JobView } from "../job-view.js";
import type { WatchedJob } from "../live/watched-job.js";
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

/** What `useJob` gives. */
export type JobResult = StreamResult<WatchedJob, "job">;
/** With something to show from the beginning. */
export type KnownJobResult = KnownStreamResult<WatchedJob, "job">;

/** Whether a job is watched, and what is shown first. */
export interface UseJobOptions extends SkipOptions {
  /** What is shown until the stream has the job: what a server has rendered. */
  readonly initialJob?: Job | undefined;
}

/** What is shown first in place of suspending. */
export interface UseSuspenseJobOptions {
  /** What is shown until the stream has the job. A promise is what a server component has not waited for. */
  readonly initialJob?: Job | Promise<Job> | undefined;
}

/** One job with its log, live. Components that watch the same job share one stream. */
export function useJob(
  jobId: string,
  options: UseJobOptions & Whole & { readonly initialJob: Job },
): KnownJobResult;
export function useJob<Selected>(
  jobId: string,
  options: UseJobOptions & Selecting<JobResult, Selected>,
): Selected;
export function useJob(jobId: string, options?: UseJobOptions & Whole): JobResult;
export function useJob<Selected>(
  jobId: string,
  { initialJob, skip, select = itself }: UseJobOptions & Choosing<JobResult, Selected> = {},
): JobResult | Selected {
  const first = useFirstView(jobId, initialJob);
  const pool = useJobwireStreams().job;
  return useWatched({ pool, input: jobId, field: "job", first }, { skip, select });
}

/**
 * The same for who would rather suspend than have no job yet. What is asked for is opened while rendering.
 * @throws StreamError to the error boundary when there is no such job.
 */
export function useSuspenseJob<Selected>(
  jobId: string,
  options: UseSuspenseJobOptions & Selecting<KnownJobResult, Selected>,
): Selected;
export function useSuspenseJob(jobId: string, options?: UseSuspenseJobOptions & Whole): KnownJobResult;
export function useSuspenseJob<Selected>(
  jobId: string,
  { initialJob, select = itself }: UseSuspenseJobOptions & Choosing<KnownJobResult, Selected> = {},
): KnownJobResult | Selected {
  const first = useFirstView(jobId, initialJob instanceof Promise ? use(initialJob) : initialJob);
  const pool = useJobwireStreams().job;
  return useSuspenseWatched({ pool, input: jobId, field: "job", first }, select);
}

/** @returns what opens the stream of a job that is probably shown next; it is kept for some seconds. */
export function usePreloadJob(): (jobId: string) => void {
  const pool = useJobwireStreams().job;
  return useMemo(() => (jobId) => pool.hold(jobId), [pool]);
}

function useFirstView(jobId: string, initialJob: Job | undefined): JobView | null {
  const preloaded = usePreloaded().jobs.get(jobId);
  const job = initialJob ?? preloaded;
  return useMemo(() => (job ? applyJob(emptyJobView(jobId), job) : null), [jobId, job]);
}
