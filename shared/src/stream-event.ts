import { z } from "zod";
import { jobEventSchema, jobKey, type JobFeedEvent, type JobStreamEvent } from "./jobs/job-event.js";
import { jobSchema } from "./jobs/job.js";
import { announcedVersionSchema, sessionEventSchema, type SessionStreamEvent } from "./sessions/session.js";
import { spoolEventSchema, spoolSchema, type SpoolStreamEvent } from "./spools/spool.js";
import { streamGapSchema, streamRemovedSchema } from "./stream-gap.js";
import { taskSchema } from "./tasks/task.js";
import { timestampSchema } from "./timestamp.js";
import { outputEvents, outputStateSchema } from "./jobs/output.js";
import { workEvents, workKey } from "./jobs/work.js";

const envelope = { timestamp: timestampSchema };

/** What `jobs.events` yields. */
export const jobStreamEventSchema = z.discriminatedUnion("type", [
  ...jobEventSchema.options,
  streamGapSchema(jobSchema).extend({ ...topicGapFields("job", jobKey), ...jobKey.shape }),
]) satisfies z.ZodType<JobStreamEvent>;

/** What `jobs.feed` yields. */
export const jobFeedEventSchema = z.discriminatedUnion("type", [
  ...jobEventSchema.options,
  streamGapSchema(z.array(jobSchema)),
  streamRemovedSchema(jobKey.shape),
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
  workEvents["work.waiting"].extend({ type: z.literal("work.waiting"), ...workKey.shape, ...envelope }),
  streamGapSchema(z.null()).extend(topicGapFields("work", workKey)),
]);

/** What `jobs.output` yields. */
export const outputStreamEventSchema = z.discriminatedUnion("type", [
  outputEvents["output.appended"].extend({
    type: z.literal("output.appended"),
    ...jobKey.shape,
    ...envelope,
  }),
  outputEvents["output.ended"].extend({ type: z.literal("output.ended"), ...jobKey.shape, ...envelope }),
  streamGapSchema(outputStateSchema.nullable()).extend(topicGapFields("job-output", jobKey)),
]);

/** What the gap of a topic says beside that of any stream. */
function topicGapFields<Name extends string, Key extends z.ZodRawShape>(name: Name, key: z.ZodObject<Key>) {
  return {
    topic: z.literal(name).optional(),
    snapshotAt: z.string().nullable().optional(),
    ...key.partial().shape,
  };
}
