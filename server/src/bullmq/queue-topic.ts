import type {
  QueueEventSchemas,
  queueJobKey,
  QueueJobState,
  QueueTopicDefinition,
  TopicEventInput,
} from "@jobwire/shared";
import type { z } from "zod";
import type { Jobwire, TopicHandle } from "../topics/index.js";

/** The handle of a queue's topic. */
export type QueueTopic<
  Name extends string,
  Progress extends z.ZodType,
  Result extends z.ZodType,
> = TopicHandle<
  Name,
  typeof queueJobKey,
  QueueEventSchemas<Progress, Result>,
  QueueJobState<z.output<Progress>, z.output<Result>>
>;

/** Whatever its jobs say and return. */
export type AnyQueueTopic = QueueTopic<string, z.ZodType, z.ZodType>;

export type QueueEventInput = TopicEventInput<typeof queueJobKey, QueueEventSchemas<z.ZodType, z.ZodType>>;

/** How much is kept of the logs of a queue's jobs. */
export interface QueueTopicOptions {
  /** As for any topic: how long the log of a job that has ended is kept, and how much of it. */
  readonly retainMs?: number;
  readonly maxEvents?: number;
  readonly maxBytes?: number;
}

/** Opens it with an index for each status, such as `active`: `topic.list({ index: "active" })`, `topic.counts()`. */
export function openQueueTopic<
  const Name extends string,
  Progress extends z.ZodType,
  Result extends z.ZodType,
>(
  jobwire: Jobwire,
  definition: QueueTopicDefinition<Name, Progress, Result>,
  options: QueueTopicOptions = {},
): QueueTopic<Name, Progress, Result> {
  return jobwire.topic(definition, { ...options, index: ({ status }) => [status] });
}
