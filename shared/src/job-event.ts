import { z } from "zod";
import { jobIdSchema, jobMessageSchema, jobStatusSchema, type Job } from "./job.js";
import type { StreamGap } from "./stream-gap.js";
import { timestampSchema } from "./timestamp.js";

/** Every event says which job it is about and when it was accepted. */
const envelope = { jobId: jobIdSchema, timestamp: timestampSchema };

/** `stage` and `status` say the same: consumers that know no stages read `status`. */
const stageFields = {
  stage: jobStatusSchema,
  stageLabel: z.string(),
  status: jobStatusSchema,
};

const stageStartedSchema = z.object({
  type: z.literal("build.stage.started"),
  ...envelope,
  ...stageFields,
  message: z.string(),
  narration: z.string().optional(),
});

const stageCompletedSchema = z.object({
  type: z.literal("build.stage.completed"),
  ...envelope,
  ...stageFields,
  durationMs: z.number().min(0),
});

const progressFields = {
  type: z.literal("build.progress"),
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
  type: z.literal("snapshot.updated"),
  url: pictureUrlSchema,
  caption: z.string().max(2000).optional(),
  width: z.number().int().positive().optional(),
  height: z.number().int().positive().optional(),
};

const documentationFields = {
  type: z.literal("documentation.updated"),
  section: z.string().min(1).max(200),
  title: z.string().min(1).max(200),
  markdown: z.string().max(200_000),
};

/** Everything a job says about itself. The envelope is flat: nothing is nested under `data` or `payload`. */
export const jobEventSchema = z.discriminatedUnion("type", [
  stageStartedSchema,
  stageCompletedSchema,
  z.object({ ...progressFields, ...envelope }),
  z.object({ ...snapshotFields, ...envelope }),
  z.object({ ...documentationFields, ...envelope }),
]);

export type JobEvent = z.infer<typeof jobEventSchema>;
export type JobEventType = JobEvent["type"];

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
    z.strictObject({ ...progressFields, ...optionalEnvelope }),
    z.strictObject({ ...snapshotFields, ...optionalEnvelope }),
    z.strictObject({ ...documentationFields, ...optionalEnvelope }),
  ],
  {
    error:
      "expected build.progress, snapshot.updated or documentation.updated; stage events are made by jobs.transition",
  },
);

export type PublishableJobEvent = z.infer<typeof publishableJobEventSchema>;

export const publishJobEventInputSchema = z.strictObject({
  jobId: jobIdSchema,
  event: publishableJobEventSchema,
  /** For a caller that may try again: of the calls with one key within ten minutes only the first publishes. */
  idempotencyKey: z.string().min(1).max(128).optional(),
});

export type PublishJobEventInput = z.infer<typeof publishJobEventInputSchema>;

/** What `jobs.events` yields. */
export type JobStreamEvent = JobEvent | (StreamGap<Job> & { readonly jobId: string });

/** What `jobs.feed` yields; after a gap the snapshot holds the newest jobs, newest first. */
export type JobFeedEvent = JobEvent | StreamGap<readonly Job[]>;
