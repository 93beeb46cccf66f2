import { z } from "zod";
import { jobIdSchema } from "./job.js";
import { lastEventIdSchema } from "../last-event-id.js";
import { timestampSchema } from "../timestamp.js";
import { defineTopic } from "../topic/define-topic.js";
import type { EventOf } from "../topic/inferred-types.js";

const pipelineSchema = z.string().min(1).max(64);

/** Names the log of a pipeline's nudges. */
export const workKey = z.object({ pipeline: pipelineSchema });
/** What is said to the workers of a pipeline. */
export const workEvents = { "work.waiting": z.object({ jobId: jobIdSchema }) };

/** The nudges of one pipeline. */
export const workTopic = defineTopic("work", { key: workKey, events: workEvents });

/** A job waits for a worker that offers its pipeline. Said at least once for each such job; the claim decides. */
export type WorkWaiting = EventOf<typeof workTopic>;

/** What `work.watch` takes. */
export const workWatchInputSchema = z.strictObject({
  pipeline: pipelineSchema,
  lastEventId: lastEventIdSchema,
});

/** What `work.waiting` takes. */
export const workWaitingInputSchema = z.strictObject({
  pipelines: z.array(pipelineSchema).min(1).max(100),
  limit: z.number().int().min(1).max(100).default(100),
});

/** What `work.claim` and `work.renew` take. */
export const claimInputSchema = z.strictObject({
  jobId: jobIdSchema,
  /** Names the claim's holder in `Job.workerId` and in messages. */
  workerId: z.string().min(1).max(128),
  /** How long the claim holds without a renewal. */
  leaseMs: z.number().int().min(1000).max(600_000).default(30_000),
});

export type ClaimInput = z.infer<typeof claimInputSchema>;

const offerFields = {
  workerId: z.string().min(1).max(128),
  /** The machine it runs on. */
  host: z.string().min(1).max(256),
  pipelines: z.array(pipelineSchema).min(1).max(100),
  /** By the names that its operator gave them. */
  projects: z.array(z.string().min(1).max(200)).max(200).default([]),
  /** How many jobs it runs now. */
  running: z.number().int().min(0).max(100_000).default(0),
};

/** What a worker says of itself, again and again: nothing for `leaseMs` means that it is gone. */
export const workOfferInputSchema = z.strictObject({
  ...offerFields,
  leaseMs: z.number().int().min(1000).max(600_000).default(30_000),
});

export type WorkOfferInput = z.infer<typeof workOfferInputSchema>;

/** What `work.leave` takes: who is gone. */
export const workLeaveInputSchema = z.strictObject({ workerId: offerFields.workerId });

/** A worker that is there: what it last offered, since when it is there and until when it counts as being so. */
export const workerSchema = z.object({
  ...offerFields,
  since: timestampSchema,
  leaseExpiresAt: timestampSchema,
});

/** A worker that is there. */
export type Worker = z.infer<typeof workerSchema>;

/** One that a worker offers, or that jobs wait for. */
export interface Pipeline {
  readonly name: string;
  /** What its workers offer it for, by name. */
  readonly projects: readonly string[];
  readonly workers: number;
  /** How many jobs wait for one of them. */
  readonly waiting: number;
  /** Since when the oldest of them is queued; `null` when none waits. */
  readonly waitingSince: Date | null;
}
