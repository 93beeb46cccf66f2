import type { JobView } from "@jobwire/client";
import type { JobStatus } from "@jobwire/shared";

export const jobFilters = ["all", "waiting", "running", "ready", "failed"] as const;

export type JobFilter = (typeof jobFilters)[number];

export function isInFilter({ status }: JobView, filter: JobFilter): boolean {
  return filter === "all" || (status !== null && phaseOf(status) === filter);
}

export function countByFilter(jobs: readonly JobView[]): Readonly<Record<JobFilter, number>> {
  const counts = { all: jobs.length, waiting: 0, running: 0, ready: 0, failed: 0 };
  for (const { status } of jobs) if (status !== null) counts[phaseOf(status)] += 1;
  return counts;
}

export type JobPhase = Exclude<JobFilter, "all">;

/** The nine statuses as a glance takes them in. */
export function phaseOf(status: JobStatus): JobPhase {
  return phases[status];
}

const phases: Readonly<Record<JobStatus, JobPhase>> = {
  queued: "waiting",
  scheduled: "waiting",
  starting: "running",
  scaffold: "running",
  code: "running",
  deps: "running",
  checks: "running",
  ready: "ready",
  failed: "failed",
};
