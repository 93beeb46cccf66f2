import { jobTopic } from "@jobwire/shared";
import type { Jobwire } from "../topics/index.js";
import { dueAt, passTime } from "./job-decisions.js";
import { indexesOf, searchTextOf } from "./job-filter.js";
import { JobOutputs } from "./job-outputs.js";
import { JobService } from "./job-service.js";
import { WorkService } from "./work-service.js";
import { WorkerRegistry } from "./worker-registry.js";
import { WaitingWork } from "./waiting-work.js";

export interface JobsOptions {
  readonly jobwire: Jobwire;
  /** How long a finished job and its log are kept. */
  readonly retainFinishedMs: number;
  /** How many unfinished jobs an owner may have. */
  readonly maxOpenPerUser: number;
  /** How many bytes of output of a job are kept. */
  readonly maxOutputBytes: number;
}

export interface Jobs {
  readonly topic: JobTopic;
  readonly service: JobService;
  readonly outputs: JobOutputs;
  readonly work: WorkService;
}

/** The handle of the jobs' topic. */
export type JobTopic = ReturnType<typeof openJobTopic>;

/** Jobs with all that is around them: their output, and those who work on them. */
export function openJobs({ jobwire, retainFinishedMs, maxOpenPerUser, maxOutputBytes }: JobsOptions): Jobs {
  const waiting = new WaitingWork(jobwire, retainFinishedMs);
  const outputs = new JobOutputs(jobwire, { retainMs: retainFinishedMs, maxBytes: maxOutputBytes });
  const topic = openJobTopic(jobwire, { waiting, outputs, retainFinishedMs });
  const workers = new WorkerRegistry(jobwire);
  const now = () => jobwire.now();
  const service = new JobService({ topic, outputs, workers, maxOpenPerUser, now });
  const work = new WorkService({ topic, service, outputs, workers, waiting, now });
  return { topic, service, outputs, work };
}

interface JobTopicOptions {
  readonly waiting: WaitingWork;
  readonly outputs: JobOutputs;
  readonly retainFinishedMs: number;
}

function openJobTopic(jobwire: Jobwire, { waiting, outputs, retainFinishedMs }: JobTopicOptions) {
  return jobwire.topic(jobTopic, {
    index: indexesOf,
    search: searchTextOf,
    feeds: (job) => (job ? [feedOf(job.ownerId)] : []),
    due: dueAt,
    onDue: (_key, job) => passTime(job, jobwire.now()),
    onCommitted: async (_key, job, events) => {
      if (!job || events.length === 0) return;
      if (job.outcome) await outputs.end(job.id);
      else if (job.status === "queued" && events.some(({ type }) => type === "build.stage.started"))
        await waiting.announce(job);
    },
    retainMs: retainFinishedMs,
  });
}

/** Every event of all jobs of an owner. */
export function feedOf(ownerId: string): string {
  return `owner/${ownerId}`;
}
