import type { TaskEvent, TaskRecord } from "@jobwire/shared";

/** Background work as a session hears of it: its own user's, and that of services. */
export interface SessionTask extends Pick<
  TaskRecord,
  "id" | "kind" | "status" | "progress" | "text" | "result" | "error" | "updatedAt"
> {}

/** So many are kept, and all that run: a page may be open for weeks. */
const maxTasks = 500;

/** The tasks after the event, the one heard of last first. */
export function applyTaskEvent(tasks: readonly SessionTask[], event: TaskEvent): readonly SessionTask[] {
  const isKnown = tasks.some(({ id }) => id === event.taskId);
  const started = isKnown ? tasks : [startedTask(event), ...tasks].filter(isKept);
  return started.map((task) => (task.id === event.taskId ? { ...task, ...changesOf(event) } : task));
}

function isKept({ status }: SessionTask, index: number): boolean {
  return index < maxTasks || status === "running";
}

function startedTask({ taskId, kind, timestamp }: TaskEvent): SessionTask {
  return {
    id: taskId,
    kind,
    status: "running",
    progress: 0,
    text: "",
    result: null,
    error: null,
    updatedAt: timestamp,
  };
}

function changesOf(event: TaskEvent): Partial<SessionTask> {
  const { timestamp: updatedAt } = event;
  switch (event.type) {
    case "task.started":
      return { status: "running", updatedAt };
    case "task.progress":
      return { progress: event.progress, text: event.text, updatedAt };
    case "task.completed":
      return { status: "completed", progress: 1, result: event.result, updatedAt };
    case "task.failed":
    default:
      return { status: "failed", error: event.error, updatedAt };
  }
}
