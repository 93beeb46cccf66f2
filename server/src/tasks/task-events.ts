import { taskCompletedSchema, type TaskEvent } from "@jobwire/shared";
import type { TaskRecord } from "./task-record.js";

export function taskStarted(task: TaskRecord): TaskEvent {
  return { type: "task.started", ...envelopeOf(task) };
}

export function taskProgressed(task: TaskRecord): TaskEvent {
  return { type: "task.progress", ...envelopeOf(task), progress: task.progress, text: task.text };
}

/** @throws ZodError when the result is not one of the task's kind. */
export function taskCompleted(task: TaskRecord): TaskEvent {
  return taskCompletedSchema.parse({ type: "task.completed", ...envelopeOf(task), result: task.result });
}

export function taskFailed(task: TaskRecord): TaskEvent {
  return { type: "task.failed", ...envelopeOf(task), error: task.error ?? "" };
}

function envelopeOf({ id, kind, updatedAt }: TaskRecord) {
  return { taskId: id, kind, timestamp: updatedAt };
}
