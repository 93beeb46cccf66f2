import { z } from "zod";
import { jobEventSchema, type JobFeedEvent, type JobStreamEvent } from "./job-event.js";
import { jobIdSchema, jobSchema } from "./job.js";
import { announcedVersionSchema, sessionEventSchema, type SessionStreamEvent } from "./session.js";
import { spoolEventSchema, spoolSchema, type SpoolStreamEvent } from "./spool.js";
import { streamGapSchema, type StreamGap } from "./stream-gap.js";
import { taskSchema } from "./task.js";
import { workWaitingEventSchema, type WorkWaiting } from "./work.js";

/** What `jobs.events` yields. */
export const jobStreamEventSchema = z.discriminatedUnion("type", [
  ...jobEventSchema.options,
  streamGapSchema(jobSchema).extend({ jobId: jobIdSchema }),
]) satisfies z.ZodType<JobStreamEvent>;

/** What `jobs.feed` yields. */
export const jobFeedEventSchema = z.discriminatedUnion("type", [
  ...jobEventSchema.options,
  streamGapSchema(z.array(jobSchema)),
]) satisfies z.ZodType<JobFeedEvent>;

/** What `spools.updates` yields. */
export const spoolStreamEventSchema = z.discriminatedUnion("type", [
  ...spoolEventSchema.options,
  streamGapSchema(z.array(spoolSchema)),
]) satisfies z.ZodType<SpoolStreamEvent>;

/** What `sessions.events` yields. */
export const sessionStreamEventSchema = z.discriminatedUnion("type", [
  ...sessionEventSchema.options,
  streamGapSchema(z.object({ version: announcedVersionSchema, tasks: z.array(taskSchema) })),
]) satisfies z.ZodType<SessionStreamEvent>;

/** What `work.watch` yields. */
export const workStreamEventSchema = z.discriminatedUnion("type", [
  workWaitingEventSchema,
  streamGapSchema(z.null()),
]) satisfies z.ZodType<WorkWaiting | StreamGap<null>>;
