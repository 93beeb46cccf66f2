/** What a good build passes once it has begun. */
export const jobCourse = ["starting", "scaffold", "code", "deps", "checks", "ready"] as const;

/** The nine statuses of a build job, in the order a successful build passes them. */
export const jobStatuses = ["queued", "scheduled", ...jobCourse, "failed"] as const;

/** One of `jobStatuses`. */
export type JobStatus = (typeof jobStatuses)[number];

/** The label of each status as people see it. */
export const jobStageLabels: Readonly<Record<JobStatus, string>> = {
  queued: "Queued...",
  scheduled: "Scheduled",
  starting: "Starting...",
  scaffold: "Scaffolding workspace...",
  code: "Writing code...",
  deps: "Installing dependencies...",
  checks: "Running checks...",
  ready: "Build complete!",
  failed: "Build failed",
};

/**
 * Where each status may go. The table is total: a pair that is not in it is refused.
 * `checks -> scaffold` is the retry of a build whose checks failed.
 */
export const jobTransitions: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  queued: ["starting", "scheduled", "failed"],
  scheduled: ["queued"],
  starting: ["scaffold", "failed"],
  scaffold: ["code", "failed"],
  code: ["deps", "failed"],
  deps: ["checks", "failed"],
  checks: ["ready", "scaffold", "failed"],
  ready: [],
  failed: [],
};

/** The statuses a job never leaves. Its stream ends with the event that enters one of them. */
export const terminalJobStatuses = ["ready", "failed"] as const satisfies readonly JobStatus[];

/** One of `terminalJobStatuses`. */
export type TerminalJobStatus = (typeof terminalJobStatuses)[number];

/** Whether a job never leaves this status. */
export function isTerminalJobStatus(status: JobStatus): status is TerminalJobStatus {
  return jobTransitions[status].length === 0;
}

/** Whether `jobTransitions` lets a job go from one status to the other. */
export function canTransition(from: JobStatus, to: JobStatus): boolean {
  return jobTransitions[from].includes(to);
}
