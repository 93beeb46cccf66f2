import { isTerminalJobStatus, type TaskInput, type TaskResult } from "@jobwire/shared";
import { AppError } from "../app-error.js";
import type { JobStore } from "../jobs/job-store.js";
import type { Caller } from "../principal.js";
import type { TaskWork } from "./task-run.js";

const dayMs = 86_400_000;
const pageSize = 100;

/** Drops the finished jobs of one owner that ended long enough ago. @throws AppError `INPUT_INVALID` */
export function prepareJobPruning(
  jobs: JobStore,
  caller: Caller,
  { finishedBeforeDays, ownerId }: TaskInput<"prune-jobs">,
): TaskWork<TaskResult<"prune-jobs">> {
  const owner = whoseJobs(caller, ownerId);
  return async (handle) => {
    const endedBefore = Date.now() - finishedBeforeDays * dayMs;
    const jobIds = await listEnded(jobs, owner, endedBefore, handle.signal);
    let dropped = 0;
    for (const [index, jobId] of jobIds.entries()) {
      if (await jobs.drop({ id: jobId, ownerId: owner })) dropped += 1;
      handle.progress((index + 1) / jobIds.length, `${dropped} of ${jobIds.length} jobs`);
    }
    return { jobs: dropped };
  };
}

function whoseJobs({ role, userId }: Caller, ownerId: string | undefined): string {
  if (role === "user") {
    if (ownerId === undefined) return userId;
    throw new AppError(
      "INPUT_INVALID",
      "input.ownerId is for services; leave it out to prune your own jobs.",
    );
  }
  if (ownerId !== undefined) return ownerId;
  throw new AppError("INPUT_INVALID", "input.ownerId is missing: a service names whose jobs to prune.");
}

/** A finished job does not change any more: it was last updated when it ended. */
async function listEnded(
  jobs: JobStore,
  ownerId: string,
  endedBefore: number,
  signal: AbortSignal,
): Promise<string[]> {
  const ended: string[] = [];
  let before: string | undefined;
  do {
    signal.throwIfAborted();
    const { records, next } = await jobs.list(ownerId, { limit: pageSize, before });
    for (const { id, status, updatedAt } of records) {
      if (isTerminalJobStatus(status) && updatedAt.getTime() <= endedBefore) ended.push(id);
    }
    before = next ?? undefined;
  } while (before !== undefined);
  return ended;
}
