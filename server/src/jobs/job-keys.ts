import type { StateKey, TopicKey } from "../store/store.js";

/** A job, its log and its owner's feed share the owner's scope, so that one commit covers all three. */
export function ownerScope(ownerId: string): string {
  return `owner:${ownerId}`;
}

export function jobKey(jobId: string): string {
  return `job/${jobId}`;
}

export function jobIdOf(key: string): string {
  return key.slice(jobKey("").length);
}

export const jobsIndex = "jobs";

export function jobTopic(jobId: string): string {
  return `job/${jobId}`;
}

export function feedTopic(ownerId: string): TopicKey {
  return { scope: ownerScope(ownerId), topic: "feed" };
}

/** Says who owns a job. Written before the job's first commit, never changed: any process may cache it. */
export function ownerRecordKey(jobId: string): StateKey {
  return { scope: `job:${jobId}`, key: "owner" };
}

/** The unfinished jobs that have a pipeline: written before the job, removed after its end, mended by the sweep. */
export const openWork = { scope: "work", index: "open" } as const;

export function waitingTopic(pipeline: string): TopicKey {
  return { scope: openWork.scope, topic: `waiting/${pipeline}` };
}
