import { z } from "zod";

/** One entry of the stream of events that BullMQ keeps for a queue. */
export interface QueueEntry {
  /** `<milliseconds>-<number>`, given by Redis. */
  readonly position: string;
  readonly event: string;
  readonly jobId: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** As Redis answers: ids, and fields and values in turn. */
export const rawEntriesSchema = z.array(z.tuple([z.string(), z.array(z.string())]));

/** `null` of what is about no job: `drained`, `paused`, `cleaned`. */
export function readEntry([position, list]: readonly [string, readonly string[]]): QueueEntry | null {
  const fields: Record<string, string> = {};
  for (let index = 0; index + 1 < list.length; index += 2) fields[list[index] ?? ""] = list[index + 1] ?? "";
  const { event, jobId } = fields;
  return event === undefined || !jobId ? null : { position, event, jobId, fields };
}

/** Whether the first position is behind the second one. */
export function isAfter(position: string, other: string): boolean {
  const [[ms, count], [otherMs, otherCount]] = [partsOf(position), partsOf(other)];
  return ms === otherMs ? count > otherCount : ms > otherMs;
}

export function timeOf(position: string): Date {
  return new Date(Number(partsOf(position)[0]));
}

function partsOf(position: string): [bigint, bigint] {
  const [ms = "0", count = "0"] = position.split("-");
  return [BigInt(ms), BigInt(count)];
}

/** The event with which `reportingLogs` puts lines into the stream. */
export const logEvent = "jobwire.log";

/**
 * What an entry says of its job, as events of the topic; not yet checked. Nothing of what changes nothing that is told:
 * `duplicated`, `retries-exhausted`, `waiting-children`.
 */
export function eventOf({ event, position, fields }: QueueEntry, attempt: number): object | null {
  const said = { position, timestamp: timeOf(position) };
  switch (event) {
    case "added":
      return { ...said, type: "job.added", name: fields.name };
    case "waiting":
      return { ...said, type: "job.waiting" };
    case "delayed":
      return { ...said, type: "job.delayed", until: new Date(Number(fields.delay)) };
    case "active":
      return { ...said, type: "job.started", attempt: attempt + 1 };
    case "progress":
      return { ...said, type: "job.progress", progress: valueOf(fields.data) };
    case logEvent:
      return {
        ...said,
        type: "job.log",
        attempt: Number(fields.attempt),
        line: Number(fields.line),
        text: fields.text,
      };
    case "stalled":
      return { ...said, type: "job.stalled" };
    case "completed":
      return { ...said, type: "job.completed", result: valueOf(fields.returnvalue) };
    case "failed":
      return { ...said, type: "job.failed", reason: fields.failedReason };
    case "removed":
      return { ...said, type: "job.removed" };
    default:
      return null;
  }
}

/** BullMQ writes JSON. What is none fits no schema. */
function valueOf(text: string | undefined): unknown {
  try {
    return text === undefined ? null : JSON.parse(text);
  } catch {
    return undefined;
  }
}
