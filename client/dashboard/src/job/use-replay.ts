import { useMemo } from "react";
import { applyJobEvent, emptyJobView, type JobView } from "@jobwire/client";
import type { Tracked } from "@jobwire/client/react";
import type { JobStreamEvent } from "@jobwire/shared";

/** The job as it was after so many of its events; as it is while `position` is `null`. */
export function useReplay(
  job: JobView | null,
  events: readonly Tracked<JobStreamEvent>[],
  position: number | null,
): JobView | null {
  return useMemo(() => {
    if (!job || position === null) return job;
    const past = events
      .slice(0, position)
      .reduce((view, { data }) => applyJobEvent(view, data), emptyJobView(job.jobId));
    return { ...past, job: job.job };
  }, [job, events, position]);
}
