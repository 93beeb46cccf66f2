import type { Job, Processor, QueueEventsProducer } from "bullmq";
import { logEvent } from "./queue-entry.js";

/** How much of the queue's stream is kept. */
export interface ReportingLogsOptions {
  /** How many events the queue's stream keeps at least; as `streams.events.maxLen` of the queue. Default 10,000, as there. */
  readonly maxEvents?: number;
}

/**
 * A processor whose `job.log` also says the line in the queue's stream of events: BullMQ itself keeps lines in a list that
 * goes with the job. A line that could be written to one of the two only rejects, as `job.log` always does without Redis.
 */
export function reportingLogs<Data, Result, Name extends string>(
  producer: QueueEventsProducer,
  processor: Processor<Data, Result, Name>,
  { maxEvents = 10_000 }: ReportingLogsOptions = {},
): Processor<Data, Result, Name> {
  return (job, token, signal) => {
    report(job, producer, maxEvents);
    return processor(job, token, signal);
  };
}

function report(job: Job, producer: QueueEventsProducer, maxEvents: number): void {
  const write = job.log.bind(job);
  let lines = 0;
  let turn: Promise<unknown> = Promise.resolve();
  job.log = (text) => {
    const line = ++lines;
    const writing = turn.then(async () => {
      const count = await write(text);
      const { id: jobId, attemptsStarted: attempt } = job;
      await producer.publishEvent({ eventName: logEvent, jobId, attempt, line, text }, maxEvents);
      return count;
    });
    turn = writing.catch(() => {});
    return writing;
  };
}
