import { jobSchema, jobTopic, outputTopic, topicKeyText, type Job } from "@jobwire/shared";
import superjson from "superjson";
import { storedJob } from "../../server/src/jobs/stored-job.js";
import type { TopicKey } from "../../server/src/store/store.js";
import { redisKeys } from "./redis-keys.js";

/** Where the store has jobs. */
export const jobScope = `topic:${jobTopic.name}`;

/** A job's log; its state has the same name. */
export function topicOfJob(jobId: string): TopicKey {
  return { scope: jobScope, topic: nameOfJob(jobId) };
}

export function nameOfJob(jobId: string): string {
  return topicKeyText(jobTopic.key, { jobId });
}

export function feedTopic(ownerId: string): TopicKey {
  return { scope: jobScope, topic: `feed/owner/${ownerId}` };
}

/** What a job's commands write. */
export function outputTopicOf(jobId: string): TopicKey {
  return { scope: `topic:${outputTopic.name}`, topic: nameOfJob(jobId) };
}

/** The key in Redis of a job's state. */
export function jobStateKey(jobId: string): string {
  return redisKeys.state({ scope: jobScope, key: nameOfJob(jobId) });
}

/** What is listed under these names of `indexesOf`. */
export function jobIndexKey(name: string): string {
  return redisKeys.index(jobScope, `by ${name}`);
}

export function readJobState(jobId: string, record: Readonly<Record<string, string>>): Job {
  return jobSchema.parse(storedJob.read(superjson.parse(record.state ?? ""), { jobId }));
}
