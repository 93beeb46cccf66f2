import { z } from "zod";
import { fieldNameSchema } from "../encodable.js";
import { timestampSchema } from "../timestamp.js";
import type { JobStatus } from "./job-status.js";
import { jobMessageSchema, jobOutcomes, jobStageSchema, jobStatusSchema } from "./job-stage.js";

/** Opaque to clients. Any text is accepted where a job is looked up: one that names no job is `NOT_FOUND`. */
export const jobIdSchema = z.string().min(1).max(128);

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
  /** How it has ended; `null`: it has not. `cancelled` is a way to be `failed`. */
  outcome: z.enum(jobOutcomes).nullable().default(null),
  /** Every stage it has been in, oldest first: whole, however much of its log is gone. */
  stages: z.array(jobStageSchema).default([]),
  /** When a `scheduled` job becomes `queued` by itself. */
  runAt: timestampSchema.nullable().default(null),
  /** The job this one repeats, and the newest one that repeats this. */
  rerunOf: z.string().nullable().default(null),
  rerunAs: z.string().nullable().default(null),
  /** `worker`: it is queued, and no worker offers its pipeline. As of when the job was read. */
  waitingFor: z.enum(["worker"]).nullable().default(null),
  /** How many jobs of its pipeline wait before it; `null` when it does not wait, and in lists. As of when it was read. */
  queuePosition: z.number().int().min(0).nullable().default(null),
  createdAt: timestampSchema,
  updatedAt: timestampSchema,
});

export type Job = z.infer<typeof jobSchema>;

const metadataSchema = z
  .record(fieldNameSchema, z.string().max(1024))
  .refine((metadata) => Object.keys(metadata).length <= 50, "at most 50 entries");

const pipelineNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "expected lower-case letters, digits and hyphens");
/** Chosen by a caller that may try again. */
export const idempotencyKeySchema = z.string().min(1).max(128);

const projectSchema = z.string().min(1).max(200);

/** What `jobs.create` takes. Without a `pipeline` no worker claims the job: it is driven from outside. */
export const createJobInputSchema = z.strictObject({
  title: z.string().trim().min(1).max(200).optional(),
  pipeline: pipelineNameSchema.optional(),
  project: projectSchema.optional(),
  metadata: metadataSchema.optional(),
  /** The job is `scheduled` until then. A time that has passed is now. */
  runAt: timestampSchema.optional(),
  /** Of an owner's calls with one key within ten minutes only the first creates a job; all are answered with it. */
  idempotencyKey: idempotencyKeySchema.optional(),
});

export type CreateJobInput = z.infer<typeof createJobInputSchema>;

/** What `jobs.transition` takes: `to` is one of `jobTransitions` of the job's status. */
export const transitionJobInputSchema = z.strictObject({
  jobId: jobIdSchema,
  to: jobStatusSchema,
  /** Shown instead of the label of the new status. */
  message: jobMessageSchema.optional(),
  /** A sentence for people about what the stage does or why it failed. */
  narration: jobMessageSchema.optional(),
  /** The worker that says so: refused when it does not hold the job any more. */
  workerId: z.string().min(1).max(128).optional(),
  /** Of the calls with one key within ten minutes only the first changes the job. */
  idempotencyKey: idempotencyKeySchema.optional(),
});

export type TransitionJobInput = z.infer<typeof transitionJobInputSchema>;

/** What `jobs.cancel` takes. */
export const cancelJobInputSchema = z.strictObject({
  jobId: jobIdSchema,
  /** Why, for people. */
  reason: z.string().trim().min(1).max(1000).optional(),
});

export type CancelJobInput = z.infer<typeof cancelJobInputSchema>;

/** Whose jobs: the caller's own, unless a service says otherwise. */
export const jobOwnerFields = {
  /** For services: the jobs of this user. */
  ownerId: z.string().min(1).max(256).optional(),
  /** For services: everybody's jobs. */
  all: z.literal(true).optional(),
};

/** Which jobs are meant. */
const jobFilterFields = {
  pipeline: pipelineNameSchema.optional(),
  project: projectSchema.optional(),
  /** A part of the title, in whatever case, or of the id. */
  search: z.string().trim().min(1).max(200).optional(),
  /** Created at this time or later. */
  since: timestampSchema.optional(),
  /** Created before this time. */
  until: timestampSchema.optional(),
  /** Only those that wait for somebody: they failed, or are queued and no worker offers their pipeline. */
  attention: z.literal(true).optional(),
  ...jobOwnerFields,
};

interface TimeSpan {
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

interface JobOwner {
  readonly ownerId?: string | undefined;
  readonly all?: true | undefined;
}

function isOrdered({ since, until }: TimeSpan): boolean {
  return !since || !until || since < until;
}

/** Whether not both are given: one owner, and everybody. */
export function namesOneOwner({ ownerId, all }: JobOwner): boolean {
  return ownerId === undefined || all === undefined;
}

const orderProblem = { error: "since is not before until; swap them", path: ["since"] };
/** What an input is told that `namesOneOwner` refuses. */
export const ownerProblem = { error: "give ownerId or all, not both", path: ["all"] };

/** What `jobs.list` takes: which jobs, and which page of them; default: the newest 20 of the caller. */
export const listJobsInputSchema = z
  .strictObject({
    limit: z.number().int().min(1).max(100).default(20),
    /** `nextCursor` of the page before. */
    cursor: jobIdSchema.nullish(),
    /** Any of these. */
    status: z.array(jobStatusSchema).min(1).optional(),
    ...jobFilterFields,
  })
  .refine(isOrdered, orderProblem)
  .refine(namesOneOwner, ownerProblem)
  .prefault({});

export type ListJobsInput = z.infer<typeof listJobsInputSchema>;

/** What `jobs.counts` takes: which jobs; default: all of the caller. */
export const countJobsInputSchema = z
  .strictObject(jobFilterFields)
  .refine(isOrdered, orderProblem)
  .refine(namesOneOwner, ownerProblem)
  .prefault({});

export type CountJobsInput = z.infer<typeof countJobsInputSchema>;

/** How many jobs are in each status. */
export type JobCounts = Readonly<Record<JobStatus, number>>;

/** One page of jobs, newest first; `nextCursor` is `null` on the last page. */
export interface JobPage {
  readonly items: readonly Job[];
  readonly nextCursor: string | null;
}
