import { setTimeout as delay } from "node:timers/promises";
import type { TaskResult } from "@jobwire/shared";
import { z } from "zod";
import { TaskFailure } from "./task-failure.js";
import type { TaskWork } from "./task-run.js";

export const taskSimulationSchema = z.strictObject({
  /** How long it takes, spread evenly over its steps. */
  durationMs: z.number().int().min(0).max(600_000).default(1000),
  /** How often it says its progress. */
  steps: z.number().int().min(1).max(1000).default(4),
  /** What it fails with after its last step; absent: it completes. */
  fail: z.string().min(1).max(1024).optional(),
  /** The user whose task it is; absent: it belongs to the service that asks for it. */
  ownerId: z.string().min(1).max(256).optional(),
});

export type TaskSimulation = z.output<typeof taskSimulationSchema>;

/** Work that does nothing but what a test asks for. */
export function simulateTask({
  durationMs,
  steps,
  fail,
}: Omit<TaskSimulation, "ownerId">): TaskWork<TaskResult<"simulate">> {
  return async (handle) => {
    for (let step = 1; step <= steps; step++) {
      await delay(durationMs / steps, undefined, { signal: handle.signal });
      handle.progress(step / steps, `Step ${step} of ${steps}`);
    }
    if (fail !== undefined) throw new TaskFailure(fail);
    return { steps };
  };
}
