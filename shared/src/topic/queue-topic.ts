import { z } from "zod";
import { timestampSchema } from "../timestamp.js";
import { defineTopic, type TopicDefinition } from "./define-topic.js";

/** Names the log of a queue's job. */
export const queueJobKey = z.object({ jobId: z.string().min(1).max(512) });

const queueJobStatuses = ["waiting", "delayed", "active", "completed", "failed", "removed"] as const;

/** How a job of a queue is; `removed`: it was taken out of the queue. */
export type QueueJobStatus = (typeof queueJobStatuses)[number];

/** Where it stands in the queue's own stream of events. */
const place = { position: z.string() };

function eventsOf<Progress extends z.ZodType, Result extends z.ZodType>(progress: Progress, result: Result) {
  return {
    "job.added": z.object({ ...place, name: z.string() }),
    /** It waits for a worker: after it was added, after a delay, and again when it is tried again. */
    "job.waiting": z.object(place),
    "job.delayed": z.object({ ...place, until: timestampSchema }),
    /** A worker has it. */
    "job.started": z.object({ ...place, attempt: z.number().int().min(1) }),
    "job.progress": z.object({ ...place, progress }),
    /** A line of its log; numbered within an attempt. */
    "job.log": z.object({
      ...place,
      attempt: z.number().int().min(0),
      line: z.number().int().min(1),
      text: z.string(),
    }),
    /** Its worker has not said anything for too long; another one takes it. */
    "job.stalled": z.object(place),
    /** Something of it could not be passed on. What it has come to is said afterwards. */
    "job.missed": z.object({ ...place, problem: z.string() }),
    "job.completed": z.object({ ...place, result: result.nullable() }),
    "job.failed": z.object({ ...place, reason: z.string() }),
    "job.removed": z.object(place),
  };
}

/** What a job of a queue has come to. */
export interface QueueJobState<Progress, Result> {
  readonly position: string;
  readonly status: QueueJobStatus;
  readonly name: string | null;
  /** How often a worker has begun. */
  readonly attempt: number;
  readonly progress: Progress | null;
  readonly result: Result | null;
  /** Why it has failed. */
  readonly reason: string | null;
  /** The newest line of its log. */
  readonly line: { readonly attempt: number; readonly line: number };
}

/** What the log of a queue's job says. */
export type QueueEventSchemas<Progress extends z.ZodType, Result extends z.ZodType> = ReturnType<
  typeof eventsOf<Progress, Result>
>;

/** What `defineQueueTopic` makes. */
export type QueueTopicDefinition<
  Name extends string,
  Progress extends z.ZodType,
  Result extends z.ZodType,
> = TopicDefinition<
  Name,
  typeof queueJobKey,
  QueueEventSchemas<Progress, Result>,
  QueueJobState<z.output<Progress>, z.output<Result>>
>;

/**
 * The topic of a BullMQ queue's jobs, a log for each. `@jobwire/server/bullmq` fills it.
 * @param schemas What `job.updateProgress` is given, and what the processor returns.
 */
export function defineQueueTopic<
  const Name extends string,
  Progress extends z.ZodType,
  Result extends z.ZodType,
>(
  name: Name,
  { progress, result }: { readonly progress: Progress; readonly result: Result },
): QueueTopicDefinition<Name, Progress, Result>;
export function defineQueueTopic(
  name: string,
  { progress, result }: { readonly progress: z.ZodType; readonly result: z.ZodType },
): unknown {
  const state: z.ZodType<State> = z.object({
    ...place,
    status: z.enum(queueJobStatuses),
    name: z.string().nullable(),
    attempt: z.number().int().min(0),
    progress: progress.nullable(),
    result: result.nullable(),
    reason: z.string().nullable(),
    line: z.object({ attempt: z.number(), line: z.number() }),
  });
  return defineTopic(name, {
    key: queueJobKey,
    events: eventsOf(progress, result),
    ends: ["job.completed", "job.failed", "job.removed"],
    state,
    apply: (before, event): State => {
      const { position } = event;
      const job: State = { ...(before ?? nothing), position };
      switch (event.type) {
        case "job.added":
          return { ...job, name: event.name };
        case "job.waiting":
          return { ...job, status: "waiting" };
        case "job.delayed":
          return { ...job, status: "delayed" };
        case "job.started":
          return { ...job, status: "active", attempt: event.attempt, progress: null };
        case "job.progress":
          return { ...job, progress: event.progress };
        case "job.log":
          return { ...job, line: { attempt: event.attempt, line: event.line } };
        case "job.completed":
          return { ...job, status: "completed", result: event.result };
        case "job.failed":
          return { ...job, status: "failed", reason: event.reason };
        case "job.removed":
          return { ...job, status: "removed" };
        case "job.stalled":
        case "job.missed":
        default:
          return job;
      }
    },
  });
}

type State = QueueJobState<unknown, unknown>;

const nothing = {
  status: "waiting",
  name: null,
  attempt: 0,
  progress: null,
  result: null,
  reason: null,
  line: { attempt: 0, line: 0 },
} as const;
