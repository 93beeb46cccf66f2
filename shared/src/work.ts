import { z } from "zod";
import { jobIdSchema } from "./job.js";
import { lastEventIdSchema } from "./last-event-id.js";
import { timestampSchema } from "./timestamp.js";

/** A job waits for a worker that offers its pipeline. Said at least once for each such job; the claim decides. */
export interface WorkWaiting {
  readonly type: "work.waiting";
  readonly timestamp: Date;
  readonly jobId: string;
  readonly pipeline: string;
}

const pipelineSchema = z.string().min(1).max(64);

export const workWaitingEventSchema = z.object({
  type: z.literal("work.waiting"),
  timestamp: timestampSchema,
  jobId: jobIdSchema,
  pipeline: pipelineSchema,
}) satisfies z.ZodType<WorkWaiting>;

export const workWatchInputSchema = z.strictObject({
  pipeline: pipelineSchema,
  lastEventId: lastEventIdSchema,
});

export const workWaitingInputSchema = z.strictObject({
  pipelines: z.array(pipelineSchema).min(1).max(100),
  limit: z.number().int().min(1).max(100).default(100),
});

export const claimInputSchema = z.strictObject({
  jobId: jobIdSchema,
  /** Names the claim's holder in `Job.workerId` and in messages. */
  workerId: z.string().min(1).max(128),
  /** How long the claim holds without a renewal. */
  leaseMs: z.number().int().min(1000).max(600_000).default(30_000),
});

export type ClaimInput = z.infer<typeof claimInputSchema>;
