import { jobStageLabels, jobStatusSchema, type Job, type JobStage } from "@jobwire/shared";
import { z } from "zod";
import type { StoredForm } from "../topics/index.js";

type StoredJob = StoredForm<Job, { readonly jobId: string }>;

const unsaid = {
  title: null,
  pipeline: null,
  project: null,
  workerId: null,
  leaseExpiresAt: null,
  outcome: null,
  runAt: null,
  rerunOf: null,
  rerunAs: null,
  waitingFor: null,
  queuePosition: null,
} as const satisfies Partial<Job>;
const unsaidOfStage = { endedAt: null, durationMs: null, outcome: null } as const satisfies Partial<JobStage>;

const keptSchema = z.looseObject({ status: jobStatusSchema, stages: z.array(z.looseObject({})).default([]) });

/** A job without what its key or its status says, and without what is `null`. Times are texts, which its schema reads too. */
export const storedJob: StoredJob = {
  write({ id: _id, stageLabel, message, stages, ...job }) {
    const label = jobStageLabels[job.status];
    return {
      ...said(job),
      ...(stageLabel !== label && { stageLabel }),
      ...(message !== label && { message }),
      stages: stages.map(said),
    };
  },
  read(kept, { jobId }) {
    const { stages, ...job } = keptSchema.parse(kept);
    const label = jobStageLabels[job.status];
    return {
      id: jobId,
      ...unsaid,
      stageLabel: label,
      message: label,
      ...job,
      stages: stages.map((stage) => ({ ...unsaidOfStage, ...stage })),
    };
  },
};

function said(fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]: [string, unknown]) =>
      value === null ? [] : [[name, value instanceof Date ? value.toISOString() : value]],
    ),
  );
}
