import { z } from "zod";
import { fieldNameSchema } from "./encodable.js";
import { jobStatuses } from "./job-status.js";
import { timestampSchema } from "./timestamp.js";

export const jobStatusSchema = z.enum(jobStatuses);

/** Opaque to clients. Any text is accepted where a job is looked up: one that names no job is `NOT_FOUND`. */
export const jobIdSchema = z.string().min(1).max(128);

export const jobMessageSchema = z.string().min(1).max(16_384);

/** A job as its owner and services see it. */
export const jobSchema = z.object({
  id: jobIdSchema,
  ownerId: z.string(),
  status: jobStatusSchema,
  /** The label of `status` as shown to people. */
  stageLabel: z.string(),
  title: z.string().nullable(),
  /** Which kind of worker drives the job; `null`: it is driven from outside and has no lease. */
  pipeline: z.string().nullable(),
  /** What the pipeline works on, by the name the worker's operator gave it. */
  project: z.string().nullable(),
  /** What was last said about the status: the reason once the job has failed. */
  message: z.string(),
  metadata: z.record(z.string(), z.string()),
  /** 1, and one more for each retry (`checks -> scaffold`). */
  attempt: z.number().int().min(1),
  /** Who claimed the job; `null` before that and for jobs without a pipeline. */
  workerId: z.string().nullable(),
  /** When an unfinished claimed job fails unless its worker renews the claim. */
  leaseExpiresAt: timestampSchema.nullable(),
  createdAt: timestampSchema,
  updatedAt: timestampSchema,
});

export type Job = z.infer<typeof jobSchema>;

const metadataSchema = z
  .record(fieldNameSchema, z.string().max(1024))
  .refine((metadata) => Object.keys(metadata).length <= 50, "at most 50 entries");

export const createJobInputSchema = z.strictObject({
  title: z.string().trim().min(1).max(200).optional(),
  pipeline: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "expected lower-case letters, digits and hyphens")
    .optional(),
  project: z.string().min(1).max(200).optional(),
  metadata: metadataSchema.optional(),
});

export type CreateJobInput = z.infer<typeof createJobInputSchema>;

export const transitionJobInputSchema = z.strictObject({
  jobId: jobIdSchema,
  to: jobStatusSchema,
  /** Shown instead of the label of the new status. */
  message: jobMessageSchema.optional(),
  /** A sentence for people about what the stage does or why it failed. */
  narration: jobMessageSchema.optional(),
});

export type TransitionJobInput = z.infer<typeof transitionJobInputSchema>;

export const listJobsInputSchema = z
  .strictObject({
    limit: z.number().int().min(1).max(100).default(20),
    /** `nextCursor` of the page before. */
    cursor: jobIdSchema.nullish(),
  })
  .prefault({});

export type ListJobsInput = z.infer<typeof listJobsInputSchema>;

/** One page of jobs, newest first; `nextCursor` is `null` on the last page. */
export interface JobPage {
  readonly items: readonly Job[];
  readonly nextCursor: string | null;
}
