import { z } from "zod";
import { roles } from "../role.js";
import { timestampSchema } from "../timestamp.js";
import { defineTopic } from "../topic/define-topic.js";
import type { TopicEvent } from "../topic/topic-types.js";
import { taskFields, taskIdSchema, taskKinds, taskResultSchema } from "./task.js";

const taskKey = z.object({ taskId: taskIdSchema });
const kind = z.enum(taskKinds);

const taskEvents = {
  "task.started": z.object({ kind }),
  "task.progress": z.object({ kind, progress: z.number().min(0).max(1), text: z.string() }),
  "task.completed": z.object({ kind, result: taskResultSchema }),
  "task.failed": z.object({ kind, error: z.string() }),
};

/** A task as servers hold it: `Task` and what only they need. */
export const taskRecordSchema = z.object({
  ...taskFields,
  kind,
  result: taskResultSchema.nullable(),
  /** What the owner was when the task was started: a service's task speaks to all sessions. */
  ownerRole: z.enum(roles),
  /** When a running task counts as left behind by a process that died, unless that process renews it. */
  leaseExpiresAt: timestampSchema,
});

export type TaskRecord = z.infer<typeof taskRecordSchema>;

/** What a task has said, and what that comes to. It ends with the task. */
export const taskTopic = defineTopic("task", {
  key: taskKey,
  events: taskEvents,
  ends: ["task.completed", "task.failed"],
  state: taskRecordSchema,
  apply: applyToTask,
});

function applyToTask(
  task: TaskRecord | null,
  event: TopicEvent<typeof taskKey, typeof taskEvents>,
): TaskRecord {
  if (!task) throw new Error("a task begins with what its start makes");
  const { timestamp: updatedAt } = event;
  switch (event.type) {
    case "task.started":
      return { ...task, updatedAt };
    case "task.progress":
      return { ...task, updatedAt, progress: event.progress, text: event.text };
    case "task.completed":
      return { ...task, updatedAt, status: "completed", progress: 1, result: event.result };
    case "task.failed": {
      const status = task.status === "cancelled" ? "cancelled" : "failed";
      return { ...task, updatedAt, status, error: event.error };
    }
    default:
      return event satisfies never;
  }
}
