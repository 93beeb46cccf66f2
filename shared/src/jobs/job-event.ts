import { z } from "zod";
import type { StreamGap, StreamRemoved } from "../stream-gap.js";
import { timestampSchema } from "../timestamp.js";
import type { TopicEvent } from "../topic/topic-types.js";
import { jobIdSchema, type Job } from "./job.js";
import { jobMessageSchema, jobOutcomes, jobStatusSchema } from "./job-stage.js";

/** Names a job's log. */
export const jobKey = z.object({ jobId: jobIdSchema });

/** `stage` and `status` say the same: consumers that know no stages read `status`. */
const stageFields = {
  stage: jobStatusSchema,
  stageLabel: z.string(),
  status: jobStatusSchema,
};

const progressFields = {
  stage: jobStatusSchema,
  percent: z.number().min(0).max(100),
  message: jobMessageSchema.optional(),
};

const pictureUrlSchema = z.union(
  [
    z.url({ protocol: /^https?$/ }).max(4096),
    z
      .string()
      .regex(/^data:image\/(png|jpeg|webp|gif|svg\+xml)[;,]/)
      .max(700_000),
  ],
  { error: "expected an http(s) URL or a data:image/ URL" },
);

const snapshotFields = {
  url: pictureUrlSchema,
  caption: z.string().max(2000).optional(),
  width: z.number().int().positive().optional(),
  height: z.number().int().positive().optional(),
};

const documentationFields = {
  section: z.string().min(1).max(200),
  title: z.string().min(1).max(200),
  markdown: z.string().max(200_000),
};

/** Everything a job says about itself. The envelope is flat: nothing is nested under `data` or `payload`. */
export const jobEvents = {
  "build.stage.started": z.object({
    ...stageFields,
    message: z.string(),
    narration: z.string().optional(),
    /** With `ready` and `failed`: how the job has ended. */
    outcome: z.enum(jobOutcomes).optional(),
  }),
  "build.stage.completed": z.object({ ...stageFields, durationMs: z.number().min(0) }),
  "build.progress": z.object(progressFields),
  "snapshot.updated": z.object(snapshotFields),
  "documentation.updated": z.object(documentationFields),
};

/** One event of a job's log; `type` says which of `jobEvents` it is. */
export type JobEvent = TopicEvent<typeof jobKey, typeof jobEvents>;
/** The `type` of a job's event. */
export type JobEventType = JobEvent["type"];

const envelope = { ...jobKey.shape, timestamp: timestampSchema };

/** One event of a job's log, as it is stored and sent. */
export const jobEventSchema = z.discriminatedUnion("type", [
  jobEvents["build.stage.started"].extend({ type: z.literal("build.stage.started"), ...envelope }),
  jobEvents["build.stage.completed"].extend({ type: z.literal("build.stage.completed"), ...envelope }),
  jobEvents["build.progress"].extend({ type: z.literal("build.progress"), ...envelope }),
  jobEvents["snapshot.updated"].extend({ type: z.literal("snapshot.updated"), ...envelope }),
  jobEvents["documentation.updated"].extend({ type: z.literal("documentation.updated"), ...envelope }),
]);

/** Each `type` of a job's event. */
export const jobEventTypes = [
  "build.stage.started",
  "build.stage.completed",
  "build.progress",
  "snapshot.updated",
  "documentation.updated",
] as const satisfies readonly JobEventType[];

const optionalEnvelope = { jobId: jobIdSchema.optional(), timestamp: timestampSchema.optional() };

/** What `jobs.publish` takes: stage events are not among them, only transitions make those. */
export const publishableJobEventSchema = z.discriminatedUnion(
  "type",
  [
    z.strictObject({ type: z.literal("build.progress"), ...progressFields, ...optionalEnvelope }),
    z.strictObject({ type: z.literal("snapshot.updated"), ...snapshotFields, ...optionalEnvelope }),
    z.strictObject({ type: z.literal("documentation.updated"), ...documentationFields, ...optionalEnvelope }),
  ],
  {
    error:
      "expected build.progress, snapshot.updated or documentation.updated; stage events are made by jobs.transition",
  },
);

export type PublishableJobEvent = z.infer<typeof publishableJobEventSchema>;

/** What `jobs.publish` takes: `event`, or 1 to 100 `events` in one commit. */
export const publishJobEventInputSchema = z
  .strictObject({
    jobId: jobIdSchema,
    event: publishableJobEventSchema.optional(),
    /** Several, in one commit. */
    events: z.array(publishableJobEventSchema).min(1).max(100).optional(),
    /** For a caller that may try again: of the calls with one key within ten minutes only the first publishes. */
    idempotencyKey: z.string().min(1).max(128).optional(),
    /** The worker that says so: refused when it does not hold the job any more. */
    workerId: z.string().min(1).max(128).optional(),
  })
  .refine(({ event, events }) => (event === undefined) !== (events === undefined), {
    error: "give event, or events for several",
    path: ["event"],
  });

export type PublishJobEventInput = z.infer<typeof publishJobEventInputSchema>;

/** What `jobs.events` yields. */
export type JobStreamEvent =
  | JobEvent
  | (StreamGap<Job> & {
      readonly jobId: string;
      readonly topic?: "job" | undefined;
      /** The id of the newest event that the snapshot has. */
      readonly snapshotAt?: string | null | undefined;
    });

/** What `jobs.feed` yields; after a gap the snapshot holds the newest jobs, newest first. */
export type JobFeedEvent =
  | JobEvent
  | StreamGap<readonly Job[]>
  | (StreamRemoved & { readonly jobId: string });
