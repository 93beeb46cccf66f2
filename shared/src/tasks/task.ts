import { z } from "zod";
import { jobIdSchema } from "../jobs/job.js";
import { timestampSchema } from "../timestamp.js";

/** What a task can be; only `running` is not its end. */
export const taskStatuses = ["running", "completed", "failed", "cancelled"] as const;

/** One of `taskStatuses`. */
export type TaskStatus = (typeof taskStatuses)[number];

/** Opaque to clients. */
export const taskIdSchema = z.string().min(1).max(128);

/** What a task of any kind has. */
export const taskFields = {
  id: taskIdSchema,
  ownerId: z.string(),
  status: z.enum(taskStatuses),
  /** 0 to 1. */
  progress: z.number().min(0).max(1),
  /** What it is doing, for people. */
  text: z.string(),
  /** Why it failed or was cancelled. */
  error: z.string().nullable(),
  startedAt: timestampSchema,
  updatedAt: timestampSchema,
};

const completedFields = {
  type: z.literal("task.completed"),
  taskId: taskIdSchema,
  timestamp: timestampSchema,
};

/** A kind of background work: what it takes, and what a completed task of it leaves behind. */
function taskKind<Kind extends string, Input extends z.ZodType, Result extends z.ZodType>(
  name: Kind,
  { input, result }: { input: Input; result: Result },
) {
  const kind = z.literal(name);
  return {
    start: z.strictObject({ kind, input }),
    task: z.object({ ...taskFields, kind, result: result.nullable() }),
    completed: z.object({ ...completedFields, kind, result }),
  };
}

/** A job's log as NDJSON, one event a line, to be downloaded. */
const exportEvents = taskKind("export-events", {
  input: z.strictObject({ jobId: jobIdSchema }),
  result: z.object({
    /** Path on this server; needs the token of whoever started the task, or of a service. */
    url: z.string(),
    events: z.number().int().min(0),
    bytes: z.number().int().min(0),
  }),
});

/** Retention: drops finished jobs with their logs that ended at least so many days ago. */
const pruneJobs = taskKind("prune-jobs", {
  input: z.strictObject({
    finishedBeforeDays: z.number().int().min(0).max(3650),
    /** Whose jobs. Services name somebody, users leave it out: they prune their own. */
    ownerId: z.string().min(1).max(256).optional(),
  }),
  result: z.object({ jobs: z.number().int().min(0) }),
});

/** Nothing but its own progress, for tests of an application: only a server in testing mode makes such tasks. */
const simulate = taskKind("simulate", {
  input: z.never(),
  result: z.object({ steps: z.number().int().min(1) }),
});

/** Those that `tasks.start` takes. */
export const startableTaskKinds = ["export-events", "prune-jobs"] as const;

/** One of `startableTaskKinds`. */
export type StartableTaskKind = (typeof startableTaskKinds)[number];

/** Every kind; `simulate` is for tests of an application. */
export const taskKinds = [...startableTaskKinds, "simulate"] as const;

/** One of `taskKinds`. */
export type TaskKind = (typeof taskKinds)[number];

/** What `tasks.start` takes: a kind and the input of that kind. */
export const startTaskInputSchema = z.discriminatedUnion("kind", [exportEvents.start, pruneJobs.start], {
  error: `expected the kind to be one of ${startableTaskKinds.join(", ")}`,
});

export type StartTaskInput = z.infer<typeof startTaskInputSchema>;
/** What a task of this kind is given. */
export type TaskInput<Kind extends StartableTaskKind = StartableTaskKind> = Extract<
  StartTaskInput,
  { kind: Kind }
>["input"];

/** Background work as whoever started it sees it; `kind` tells what `result` is. */
export const taskSchema = z.discriminatedUnion("kind", [exportEvents.task, pruneJobs.task, simulate.task]);

export type Task = z.infer<typeof taskSchema>;
/** What a completed task of any kind leaves behind. */
export const taskResultSchema = z.union([
  exportEvents.completed.shape.result,
  pruneJobs.completed.shape.result,
  simulate.completed.shape.result,
]);

/** What a completed task of this kind leaves behind. */
export type TaskResult<Kind extends TaskKind = TaskKind> = NonNullable<
  Extract<Task, { kind: Kind }>["result"]
>;

const taskEnvelope = { taskId: taskIdSchema, kind: z.enum(taskKinds), timestamp: timestampSchema };

/** `task.completed`: `kind` tells what `result` is. */
export const taskCompletedSchema = z.discriminatedUnion("kind", [
  exportEvents.completed,
  pruneJobs.completed,
  simulate.completed,
]);

/** `task.*`, as sessions receive them. A cancelled task is a failed one whose `error` says so. */
export const taskEventSchemas = [
  z.object({ type: z.literal("task.started"), ...taskEnvelope }),
  z.object({
    type: z.literal("task.progress"),
    ...taskEnvelope,
    progress: z.number().min(0).max(1),
    text: z.string(),
  }),
  taskCompletedSchema,
  z.object({ type: z.literal("task.failed"), ...taskEnvelope, error: z.string() }),
] as const;

/** One of `taskEventSchemas`. */
export type TaskEvent = z.infer<(typeof taskEventSchemas)[number]>;

/** What `tasks.list` takes: how many, the newest first. */
export const listTasksInputSchema = z
  .strictObject({ limit: z.number().int().min(1).max(100).default(20) })
  .prefault({});

export type ListTasksInput = z.infer<typeof listTasksInputSchema>;
