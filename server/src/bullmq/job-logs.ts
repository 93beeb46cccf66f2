import { findUnencodablePart, type QueueJobState } from "@jobwire/shared";
import { z } from "zod";
import { eventOf, isAfter, timeOf, type QueueEntry } from "./queue-entry.js";
import type { AnyQueueTopic, QueueEventInput } from "./queue-topic.js";

type State = QueueJobState<unknown, unknown>;

/** What becomes of the next entries of one job in one commit. */
interface Plan {
  readonly events: readonly QueueEventInput[];
  /** How many of the entries are dealt with. */
  readonly taken: number;
  /** A job of this id begins again: its old log is to go first. */
  readonly beginsAnew: boolean;
}

const maxAtOnce = 200;
const parallel = 16;

/** The logs of a queue's jobs: what its entries say is appended, each once, however often they are read. */
export class JobLogs {
  constructor(private readonly topic: AnyQueueTopic) {}

  /** In order for each job; jobs do not wait for each other. */
  async append(entries: readonly QueueEntry[]): Promise<void> {
    const byJob = new Map<string, QueueEntry[]>();
    for (const entry of entries) {
      const its = byJob.get(entry.jobId);
      if (its) its.push(entry);
      else byJob.set(entry.jobId, [entry]);
    }
    const jobs = byJob.entries();
    const work = async () => {
      for (const [jobId, its] of jobs) await this.#appendTo(jobId, its);
    };
    await Promise.all(Array.from({ length: parallel }, work));
  }

  /** Those that have not ended, as far as it is told. */
  async *open(): AsyncGenerator<{ readonly jobId: string; readonly state: State }> {
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<AnyQueueTopic["list"]>> = await this.topic.list({
        index: ["waiting", "delayed", "active"],
        cursor,
      });
      for (const { key, state } of page.items) yield { jobId: key.jobId, state };
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  /** Says it in the log of a job that has not ended. `key` makes it once. */
  async say(jobId: string, said: (state: State) => readonly object[], key?: string): Promise<void> {
    await this.topic.change(
      { jobId },
      (state) => (!state || isOver(state) ? [] : said(state).flatMap((event) => this.#checked(event))),
      key === undefined ? {} : { idempotencyKey: key },
    );
  }

  async #appendTo(jobId: string, entries: readonly QueueEntry[]): Promise<void> {
    let rest = entries;
    while (rest.length > 0) {
      let plan: Plan | undefined;
      await this.topic.change({ jobId }, (state) => {
        plan = this.#plan(jobId, state, rest.slice(0, maxAtOnce));
        return plan.events;
      });
      // Another process may have begun it anew by now.
      if (plan?.beginsAnew) await this.topic.remove({ jobId }, { when: isOver });
      rest = rest.slice(plan?.taken);
    }
  }

  #plan(jobId: string, before: State | null, entries: readonly QueueEntry[]): Plan {
    const { definition } = this.topic;
    const events: QueueEventInput[] = [];
    let state = before;
    for (const [taken, entry] of entries.entries()) {
      if (state && !isAfter(entry.position, state.position)) continue;
      if (state && isOver(state)) {
        if (begins(entry)) return { events, taken, beginsAnew: true };
        continue;
      }
      for (const event of this.#said(entry, state)) {
        events.push(event);
        const timestamp = timeOf(entry.position);
        state = definition.apply(state, definition.eventSchema.parse({ ...event, jobId, timestamp }));
      }
    }
    return { events, taken: entries.length, beginsAnew: false };
  }

  #said(entry: QueueEntry, state: State | null): QueueEventInput[] {
    const event = eventOf(entry, state?.attempt ?? 0);
    // Of a job whose log is gone it is nothing new that it is removed.
    if (!event || (!state && entry.event === "removed")) return [];
    return this.#checked(event).filter((one) => !isRepeated(one, state));
  }

  /** The event; in place of one that the definition does not take, what is wrong with it. */
  #checked(event: object): QueueEventInput[] {
    const { eventInputSchema } = this.topic.definition;
    const problem = problemOf(eventInputSchema, event);
    if (problem === null && fits(eventInputSchema, event)) return [event];
    const { position, timestamp, type } = z
      .object({ position: z.string(), timestamp: z.date(), type: z.string() })
      .parse(event);
    const missed: QueueEventInput = {
      type: "job.missed",
      position,
      timestamp,
      problem: `${type}: ${problem}`,
    };
    return type === "job.completed" ? [missed, { type, position, timestamp, result: null }] : [missed];
  }
}

function isOver({ status }: State): boolean {
  return status === "completed" || status === "failed" || status === "removed";
}

/** After its end: it was tried again by hand, or another job has its id. */
function begins({ event }: QueueEntry): boolean {
  return event === "added" || event === "waiting" || event === "delayed" || event === "active";
}

/** A command that BullMQ's client sent again, because it did not hear the answer, is there twice. */
function isRepeated(event: QueueEventInput, state: State | null): boolean {
  if (event.type === "job.progress")
    return state !== null && JSON.stringify(event.progress) === JSON.stringify(state.progress);
  if (event.type !== "job.log" || !state) return false;
  const { attempt, line } = state.line;
  return event.attempt < attempt || (event.attempt === attempt && event.line <= line);
}

function problemOf(schema: z.ZodType, event: object): string | null {
  const part = findUnencodablePart(event);
  if (part) return `${part.path.join(".")}: ${part.message}`;
  const { error } = schema.safeParse(event);
  return error ? z.prettifyError(error) : null;
}

function fits(schema: z.ZodType, event: object): event is QueueEventInput {
  return schema.safeParse(event).success;
}
