import type { Jobwire } from "../topics/index.js";
import { openJobTopic, type JobTopic } from "./job-topic.js";
import { JobOutputs } from "./job-outputs.js";
import { openJobRequests } from "./job-requests.js";
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

/** Jobs with all that is around them: their output, and those who work on them. */
export function openJobs({ jobwire, retainFinishedMs, maxOpenPerUser, maxOutputBytes }: JobsOptions): Jobs {
  const waiting = new WaitingWork(jobwire, retainFinishedMs);
  const outputs = new JobOutputs(jobwire, {
    retainMs: retainFinishedMs,
    maxBytes: maxOutputBytes,
    findJob: (jobId) => topic.state({ jobId }),
  });
  const topic = openJobTopic(jobwire, { waiting, outputs, retainFinishedMs });
  const workers = new WorkerRegistry(jobwire);
  const now = () => jobwire.now();
  const requests = openJobRequests(jobwire);
  const service = new JobService({ topic, requests, outputs, workers, maxOpenPerUser, now });
  const work = new WorkService({ topic, service, outputs, workers, waiting, now });
  return { topic, service, outputs, work };
}
