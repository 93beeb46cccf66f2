import type { JobView } from "@jobwire/client";
import { isTerminalJobStatus } from "@jobwire/shared";
import { phaseOf } from "./job-filter.js";
import { formatClock } from "../time/format-time.js";

/** What it is a job of: pipeline, project and branch, and for those who see everybody's the owner. */
export function workOf({ job, attempt }: JobView, hasOwner: boolean): string {
  const work = job?.pipeline
    ? [job.pipeline, job.project].filter(Boolean).join(" / ")
    : "driven from outside";
  const parts = [hasOwner && job?.ownerId, work, job?.metadata.branch, attempt > 1 && `attempt ${attempt}`];
  return parts.filter(Boolean).join(" · ");
}

/** Its status in words. */
export function labelOf({ job, status, stageLabel }: JobView): string {
  if (status === "failed" && job?.outcome === "cancelled") return "Cancelled";
  return stageLabel.replace(/\.\.\.$/, "");
}

/** What goes on in it, or why it is where it is, in a line. */
export function activityOf({ job, status, stageLabel, message, progress }: JobView): string {
  if (status === "queued" && job?.pipeline)
    return job.waitingFor === "worker" ? `no worker offers ${job.pipeline} now` : "for the next free worker";
  if (status === "scheduled" && job?.runAt) return `for ${formatClock(job.runAt)}`;
  const said = progress?.message ?? (message === stageLabel ? "" : message);
  return said.split("\n", 1)[0] ?? "";
}

/** How long it has run, or waits; `null` while that is not known. */
export function runTimeOf({ job, status, stages, updatedAt }: JobView, now: Date): number | null {
  if (status === null || !job) return null;
  const began = stages.find(({ stage }) => phaseOf(stage) === "running")?.startedAt;
  const isOver = isTerminalJobStatus(status);
  const ended = isOver ? updatedAt : now;
  if (!ended || (isOver && !began)) return null;
  return Math.max(0, ended.getTime() - (began ?? job.createdAt).getTime());
}
