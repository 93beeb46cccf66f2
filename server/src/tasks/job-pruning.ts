import { terminalJobStatuses, type JobPage, type TaskInput, type TaskResult } from "@jobwire/shared";
import { AppError } from "../app-error.js";
import type { JobService } from "../jobs/job-service.js";
import type { Caller } from "../principal.js";
import type { TaskWork } from "./task-run.js";

const dayMs = 86_400_000;
const pageSize = 100;

/**
 * Drops the finished jobs of one owner that ended long enough ago.
 * @param now By the store's clock, as what is said of jobs.
 * @throws AppError `INPUT_INVALID`
 */
export function prepareJobPruning(
  jobs: JobService,
  caller: Caller,
  { finishedBeforeDays, ownerId }: TaskInput<"prune-jobs">,
  now: () => Date,
): TaskWork<TaskResult<"prune-jobs">> {
  const owner = whoseJobs(caller, ownerId);
  return async (handle) => {
    const endedBefore = now().getTime() - finishedBeforeDays * dayMs;
    const jobIds = await listEnded(jobs, owner, endedBefore, handle.signal);
    let dropped = 0;
    for (const [index, jobId] of jobIds.entries()) {
      if (await jobs.drop(jobId)) dropped += 1;
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
  jobs: JobService,
  ownerId: string,
  endedBefore: number,
  signal: AbortSignal,
): Promise<string[]> {
  const ended: string[] = [];
  let cursor: string | null = null;
  do {
    signal.throwIfAborted();
    const page: JobPage = await jobs.list(
      { role: "service", userId: ownerId },
      { ownerId, status: [...terminalJobStatuses], limit: pageSize, cursor },
    );
    for (const { id, updatedAt } of page.items) if (updatedAt.getTime() <= endedBefore) ended.push(id);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return ended;
}
