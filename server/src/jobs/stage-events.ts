import { jobStageLabels, type JobEvent } from "@jobwire/shared";
import type { JobRecord } from "./job-record.js";

/** The event of the status a job is in now. */
export function stageStarted(job: JobRecord, narration: string | undefined): JobEvent {
  return {
    type: "build.stage.started",
    jobId: job.id,
    timestamp: job.updatedAt,
    ...stageOf(job),
    message: job.message,
    ...(narration !== undefined && { narration }),
  };
}

/** The event of the status a job was in until `now`. */
export function stageCompleted(job: JobRecord, now: Date): JobEvent {
  return {
    type: "build.stage.completed",
    jobId: job.id,
    timestamp: now,
    ...stageOf(job),
    durationMs: Math.max(0, now.getTime() - job.stageStartedAt.getTime()),
  };
}

function stageOf({ status }: JobRecord) {
  return { stage: status, stageLabel: jobStageLabels[status], status };
}
