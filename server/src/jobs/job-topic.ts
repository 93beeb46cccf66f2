import { jobTopic, type Job, type JobEventType } from "@jobwire/shared";
import type { Jobwire } from "../topics/index.js";
import { dueAt, passTime } from "./job-decisions.js";
import { indexesOf, indexesOfAll, searchTextOf } from "./job-filter.js";
import type { JobOutputs } from "./job-outputs.js";
import { storedJob } from "./stored-job.js";
import type { WaitingWork } from "./waiting-work.js";

export interface JobTopicOptions {
  readonly waiting: WaitingWork;
  readonly outputs: JobOutputs;
  readonly retainFinishedMs: number;
}

export function openJobTopic(jobwire: Jobwire, { waiting, outputs, retainFinishedMs }: JobTopicOptions) {
  return jobwire.topic(jobTopic, {
    index: indexesOf,
    complete: indexesOfAll,
    stored: storedJob,
    search: searchTextOf,
    feeds: (job, event) => (job ? feedsOf(job, event?.type) : []),
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

/** The handle of the jobs' topic. */
export type JobTopic = ReturnType<typeof openJobTopic>;

/** Every event of all jobs of an owner. */
export function feedOf(ownerId: string): string {
  return `owner/${ownerId}`;
}

/** For services: how all jobs come along. Without what they say in between, which would be written twice. */
export const everybodysFeed = "all";

function feedsOf({ ownerId }: Job, type: JobEventType | undefined): string[] {
  const isStep = type === undefined || type === "build.stage.started" || type === "build.stage.completed";
  return isStep ? [feedOf(ownerId), everybodysFeed] : [feedOf(ownerId)];
}
