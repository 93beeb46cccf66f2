import type { JobView } from "@jobwire/client";
import { phaseOf, type JobPhase } from "./job-filter.js";

/** What people call it. */
export function nameOfJob({ jobId, job }: JobView): string {
  return job?.title ?? job?.project ?? `Job ${jobId.slice(-8)}`;
}

/** How it is, in a character, for the title of a window: with a space, if there is something to say. */
export function markOf({ status }: JobView): string {
  return status === null ? "" : marks[phaseOf(status)];
}

const marks: Readonly<Record<JobPhase, string>> = { waiting: "", running: "● ", ready: "✓ ", failed: "✗ " };
