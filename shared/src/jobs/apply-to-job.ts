import type { JobEvent } from "./job-event.js";
import { maxJobStages, type JobStage } from "./job-stage.js";
import { isTerminalJobStatus } from "./job-status.js";
import type { Job } from "./job.js";

/**
 * A job after one more of its events. Pure; servers, pages and tests use it alike.
 * @throws Error without a job: it begins with `jobs.create`, which says whose it is.
 */
export function applyToJob(job: Job | null, event: JobEvent): Job {
  if (!job) throw new Error("a job begins with jobs.create");
  switch (event.type) {
    case "build.stage.started":
      return enterStage(job, event);
    case "build.stage.completed": {
      const { stage, timestamp, durationMs } = event;
      return withOpenStage(job, stage, { endedAt: timestamp, durationMs, outcome: "completed" });
    }
    case "build.progress": {
      const { stage, percent, message } = event;
      return withOpenStage(job, stage, { percent, ...(message !== undefined && { message }) });
    }
    case "snapshot.updated":
    case "documentation.updated":
    default:
      return job;
  }
}

function enterStage(job: Job, event: Extract<JobEvent, { type: "build.stage.started" }>): Job {
  const { stage, stageLabel, message, timestamp } = event;
  const isRetry = job.status === "checks" && stage === "scaffold";
  const attempt = isRetry ? job.attempt + 1 : job.attempt;
  const entered = { ...job, status: stage, stageLabel, message, attempt, updatedAt: timestamp };
  if (isTerminalJobStatus(stage)) {
    const outcome = event.outcome ?? stage;
    return {
      ...entered,
      outcome,
      leaseExpiresAt: null,
      stages: outcome === "ready" ? job.stages : endedBadly(job.stages, outcome),
    };
  }
  const begun: JobStage = {
    stage,
    attempt,
    startedAt: timestamp,
    endedAt: null,
    durationMs: null,
    outcome: null,
  };
  return { ...entered, stages: [...job.stages, begun].slice(-maxJobStages) };
}

/** Progress of a stage that is over, or is none, changes nothing. */
function withOpenStage(job: Job, stage: JobStage["stage"], change: Partial<JobStage>): Job {
  const last = job.stages.at(-1);
  if (last?.stage !== stage || last.endedAt) return job;
  return { ...job, stages: [...job.stages.slice(0, -1), { ...last, ...change }] };
}

/** The stage in which the job ended is the one that failed. */
function endedBadly(stages: readonly JobStage[], outcome: "failed" | "cancelled"): JobStage[] {
  return stages.map((stage, index) => (index === stages.length - 1 ? { ...stage, outcome } : stage));
}
