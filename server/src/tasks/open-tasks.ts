import type { DamagedRecords } from "../damaged-records.js";
import type { JobService } from "../jobs/job-service.js";
import type { JobTopic } from "../jobs/job-topic.js";
import type { SessionBroadcasts } from "../sessions/session-broadcasts.js";
import type { Store } from "../store/store.js";
import { JobExports } from "./job-export.js";
import { prepareJobPruning } from "./job-pruning.js";
import type { TaskKinds } from "./task-kinds.js";
import { TaskService } from "./task-service.js";
import type { TaskLimits } from "./task-slots.js";
import { TaskStore } from "./task-store.js";

export interface TasksOptions {
  readonly store: Store;
  readonly broadcasts: SessionBroadcasts;
  readonly jobs: JobService;
  readonly jobTopic: JobTopic;
  readonly limits: TaskLimits;
  readonly damaged: DamagedRecords;
  /** How long a task that has ended is kept, with what it has made. */
  readonly retainEndedMs: number;
  /** Hears of what goes wrong in a task or around it and is nobody else's fault. */
  readonly onError: (error: unknown, taskId: string) => void;
}

export interface Tasks {
  readonly service: TaskService;
  readonly jobExports: JobExports;
}

/** Tasks with all that is done in them: a kind of the contract is one entry here. */
export function openTasks({ jobs, jobTopic, limits, onError, ...options }: TasksOptions): Tasks {
  const jobExports = new JobExports({ ...options, jobs, jobTopic });
  const kinds: TaskKinds = {
    "export-events": (caller, { jobId }) => jobExports.prepare(caller, jobId),
    "prune-jobs": async (caller, input) => prepareJobPruning(jobs, caller, input),
  };
  const tasks = new TaskStore({ ...options, onError });
  return { service: new TaskService({ tasks, kinds, limits, onError }), jobExports };
}
