import { jobStatuses, type JobCounts, type JobStatus } from "@jobwire/shared";

/** The nine statuses as a glance takes them in. */
export type JobPhase = "waiting" | "running" | "ready" | "failed";

export const jobFilters = ["all", "attention", "waiting", "running", "ready", "failed"] as const;

export type JobFilter = (typeof jobFilters)[number];

export function phaseOf(status: JobStatus): JobPhase {
  return phases[status];
}

export function statusesOf(phase: JobPhase): readonly JobStatus[] {
  return jobStatuses.filter((status) => phases[status] === phase);
}

export function countOf(counts: JobCounts, filter: Exclude<JobFilter, "attention">): number {
  const counted = filter === "all" ? jobStatuses : statusesOf(filter);
  return counted.reduce((sum, status) => sum + counts[status], 0);
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
