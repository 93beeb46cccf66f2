import type { Role } from "@jobwire/shared";
import type { StateKey } from "../store/store.js";

/** Names a task's state. Tasks share the scope of the sessions they speak to, so that one commit covers both. */
export function taskKey(taskId: string): string {
  return `task/${taskId}`;
}

/** A user and a service of one name are two. */
export function ownedTasksIndex(role: Role, ownerId: string): string {
  return `tasks/${role}/${ownerId}`;
}

/** The running tasks: written before the task, removed after its end, mended by the sweep. */
export const openTasksIndex = "open-tasks";

export function openTaskKey(taskId: string): string {
  return `open-task/${taskId}`;
}

/** What a finished export consists of. */
export function exportKey(taskId: string): StateKey {
  return { scope: `task:${taskId}`, key: "export" };
}

/** A piece of a job's log. Exports that end at the same event share it. */
export function exportChunkKey(jobId: string, end: string, position: number): StateKey {
  return { scope: `export:${jobId}`, key: `${end}/${position}` };
}
