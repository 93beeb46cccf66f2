import { z } from "zod";
import { timestampSchema } from "../timestamp.js";
import { jobStatuses } from "./job-status.js";

/** How a job or one of its stages has ended. */
export const jobOutcomes = ["ready", "failed", "cancelled"] as const;

/** One of `jobOutcomes`. */
export type JobOutcome = (typeof jobOutcomes)[number];

/** One of `jobStatuses`. */
export const jobStatusSchema = z.enum(jobStatuses);

/** A text for people: 1 to 16,384 characters. */
export const jobMessageSchema = z.string().min(1).max(16_384);

/** One stage that a job was or is in. Its end, `ready` or `failed`, is none. */
export const jobStageSchema = z.object({
  stage: jobStatusSchema,
  /** Of the job: 1, and one more for each retry. */
  attempt: z.number().int().min(1),
  startedAt: timestampSchema,
  /** `null` while it lasts. */
  endedAt: timestampSchema.nullable(),
  durationMs: z.number().min(0).nullable(),
  /** `null` while it lasts. */
  outcome: z.enum(["completed", "failed", "cancelled"]).nullable(),
  /** The newest `build.progress` of it. */
  percent: z.number().min(0).max(100).optional(),
  message: jobMessageSchema.optional(),
});

export type JobStage = z.infer<typeof jobStageSchema>;

/** How many stages a job keeps: the newest. A build without retries has seven. */
export const maxJobStages = 200;
