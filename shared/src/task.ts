import { z } from "zod";
import { jobIdSchema } from "./job.js";
import { timestampSchema } from "./timestamp.js";

export const taskStatuses = ["running", "completed", "failed", "cancelled"] as const;

export type TaskStatus = (typeof taskStatuses)[number];

const ageInDaysSchema = z.number().int().min(0).max(3650);

/** The input of each kind of background work; its result is in `TaskResults`. */
export const taskInputSchemas = {
  /** A job's log as NDJSON, one event a line, to be downloaded. */
  "export-events": z.strictObject({ jobId: jobIdSchema }),
  /** Retention: drops finished jobs that ended at least so many days ago. Services name whose. */
  "prune-jobs": z.strictObject({
    finishedBeforeDays: ageInDaysSchema,
    ownerId: z.string().min(1).max(256).optional(),
  }),
} as const;

export type TaskKind = keyof typeof taskInputSchemas;

/** What a completed task of each kind leaves behind. */
export const taskResultSchemas = {
  "export-events": z.object({
    /** Path on this server; needs the token of whoever started the task. */
    url: z.string(),
    events: z.number().int().min(0),
    bytes: z.number().int().min(0),
  }),
  "prune-jobs": z.object({ jobs: z.number().int().min(0) }),
} as const satisfies Record<TaskKind, z.ZodType>;

export type TaskResult = { [Kind in TaskKind]: z.infer<(typeof taskResultSchemas)[Kind]> }[TaskKind];

export const taskKinds = ["export-events", "prune-jobs"] as const satisfies readonly TaskKind[];

export const taskIdSchema = z.string().min(1).max(128);

const taskKindSchema = z.enum(taskKinds);
const taskResultSchema = z.union([taskResultSchemas["export-events"], taskResultSchemas["prune-jobs"]]);

/** Background work as whoever started it sees it. */
export const taskSchema = z.object({
  id: taskIdSchema,
  ownerId: z.string(),
  kind: taskKindSchema,
  status: z.enum(taskStatuses),
  /** 0 to 1. */
  progress: z.number().min(0).max(1),
  /** What it is doing, for people. */
  text: z.string(),
  result: taskResultSchema.nullable(),
  /** Why it failed or was cancelled. */
  error: z.string().nullable(),
  startedAt: timestampSchema,
  updatedAt: timestampSchema,
});

export type Task = z.infer<typeof taskSchema>;

const taskEnvelope = { taskId: taskIdSchema, kind: taskKindSchema, timestamp: timestampSchema };

/** `task.*`, as sessions receive them. A cancelled task is a failed one whose `error` says so. */
export const taskEventSchemas = [
  z.object({ type: z.literal("task.started"), ...taskEnvelope }),
  z.object({
    type: z.literal("task.progress"),
    ...taskEnvelope,
    progress: z.number().min(0).max(1),
    text: z.string(),
  }),
  z.object({ type: z.literal("task.completed"), ...taskEnvelope, result: taskResultSchema }),
  z.object({ type: z.literal("task.failed"), ...taskEnvelope, error: z.string() }),
] as const;

export type TaskEvent = z.infer<(typeof taskEventSchemas)[number]>;

/** What `tasks.start` takes: a kind and the input of that kind. */
export const startTaskInputSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("export-events"), input: taskInputSchemas["export-events"] }),
  z.strictObject({ kind: z.literal("prune-jobs"), input: taskInputSchemas["prune-jobs"] }),
]);

export type StartTaskInput = z.infer<typeof startTaskInputSchema>;

export const listTasksInputSchema = z
  .strictObject({ limit: z.number().int().min(1).max(100).default(20) })
  .prefault({});

export type ListTasksInput = z.infer<typeof listTasksInputSchema>;
