import type { StartableTaskKind, TaskInput, TaskResult } from "@jobwire/shared";
import type { Caller } from "../principal.js";
import type { TaskWork } from "./task-run.js";

/**
 * Checks whether the caller may have this done, before the task begins: what it throws refuses `tasks.start`.
 * @returns the work.
 */
type PrepareTask<Kind extends StartableTaskKind> = (
  caller: Caller,
  input: TaskInput<Kind>,
) => Promise<TaskWork<TaskResult<Kind>>>;

/** What is done for each kind that can be started. */
export type TaskKinds = { readonly [Kind in StartableTaskKind]: PrepareTask<Kind> };
