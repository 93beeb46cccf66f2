import type { JobService } from "../jobs/job-service.js";
import type { JobTopic } from "../jobs/job-topic.js";
import type { Jobwire } from "../topics/index.js";
import { JobExports } from "./job-export.js";
import { prepareJobPruning } from "./job-pruning.js";
import type { TaskKinds } from "./task-kinds.js";
import { TaskService } from "./task-service.js";
import type { TaskLimits } from "./task-slots.js";
import { openTaskTopic, type TaskTopic } from "./task-topic.js";

export interface TasksOptions {
  readonly jobwire: Jobwire;
  readonly jobs: JobService;
  readonly jobTopic: JobTopic;
  readonly limits: TaskLimits;
  /** How long a task that has ended is kept, with what it has made. */
  readonly retainEndedMs: number;
  /** Hears of what goes wrong in a task or around it and is nobody else's fault. */
  readonly onError: (error: unknown, taskId: string) => void;
}

export interface Tasks {
  readonly topic: TaskTopic;
  readonly service: TaskService;
  readonly jobExports: JobExports;
}

/** Tasks with all that is done in them: a kind of the contract is one entry here. */
export function openTasks({ jobwire, jobs, jobTopic, limits, retainEndedMs, onError }: TasksOptions): Tasks {
  const topic = openTaskTopic(jobwire, { retainEndedMs });
  const jobExports = new JobExports({ jobwire, jobs, jobTopic, retainEndedMs });
  const now = () => jobwire.now();
  const kinds: TaskKinds = {
    "export-events": (caller, { jobId }) => jobExports.prepare(caller, jobId),
    "prune-jobs": async (caller, input) => prepareJobPruning(jobs, caller, input, now),
  };
  return { topic, service: new TaskService({ topic, now, kinds, limits, onError }), jobExports };
}
