import type { Task } from "@jobwire/shared";
import { AppError } from "../app-error.js";

/** The same for a task that does not exist and for one that is somebody else's. */
export function taskNotFound(taskId: Task["id"]): AppError {
  return new AppError("TASK_NOT_FOUND", `There is no task ${JSON.stringify(taskId)} that you may see.`);
}

export function taskFinished({ id, status }: Pick<Task, "id" | "status">): AppError {
  return new AppError("TASK_FINISHED", `Task ${id} has ended already: it is ${status}.`);
}
