import { formatCursor, type Cursor, type TaskResult } from "@jobwire/shared";
import { jobTopic, ownerScope } from "../jobs/job-keys.js";
import type { JobService } from "../jobs/job-service.js";
import type { Caller } from "../principal.js";
import type { LogEntry, Store, TopicKey } from "../store/store.js";
import { plainJsonOf } from "../streams/event-codec.js";
import { TaskFailure } from "./task-failure.js";
import { exportChunkKey, exportKey } from "./task-keys.js";
import type { TaskHandle, TaskWork } from "./task-run.js";
import { taskNotFound } from "./task-store.js";

export interface JobExportsOptions {
  readonly store: Store;
  readonly jobs: JobService;
  /** How long a task that has ended is kept. */
  readonly retainEndedMs: number;
}

export interface JobExport {
  readonly jobId: string;
  readonly bytes: number;
  /** NDJSON, read from the store piece by piece as it is consumed. Rejects when a piece is gone. */
  readonly text: AsyncIterable<string>;
}

/** Events may carry pictures of several hundred kilobytes: few of those are held at once. */
const page = { entries: 32, bytes: 262_144 };
const chunkLength = 262_144;
/** Exports outlive their tasks by this: a download that begins while the task is there finds all of it. */
const graceMs = 3_600_000;

/**
 * A job's log as NDJSON: each line an event as plain JSON, with its id. It is a copy, so it stays whole when the log is
 * trimmed or the job goes; it is kept in the store, so any process can hand it out, in pieces, so neither writing nor
 * reading it holds it in memory.
 */
export class JobExports {
  constructor(private readonly options: JobExportsOptions) {}

  /** @throws AppError `JOB_NOT_FOUND`, also when the job is another user's. */
  async prepare(caller: Caller, jobId: string): Promise<TaskWork<TaskResult<"export-events">>> {
    const { ownerId } = await this.options.jobs.find(caller, jobId);
    const topic = { scope: ownerScope(ownerId), topic: jobTopic(jobId) };
    return (handle) => this.#export(topic, jobId, handle);
  }

  /** @throws AppError `TASK_NOT_FOUND` when it is gone. */
  async open(taskId: string): Promise<JobExport> {
    const { jobId, end, chunks, bytes } = (await this.options.store.readState(exportKey(taskId))) ?? {};
    if (jobId === undefined || end === undefined) throw taskNotFound(taskId);
    return { jobId, bytes: Number(bytes), text: this.#read(jobId, end, Number(chunks)) };
  }

  async #export(topic: TopicKey, jobId: string, handle: TaskHandle): Promise<TaskResult<"export-events">> {
    const { cursor } = await this.options.store.head(topic);
    const end = formatCursor(cursor);
    let [events, bytes, chunks, chunk] = [0, 0, 0, ""];
    const write = async () => {
      await this.#keep(exportChunkKey(jobId, end, chunks++), { text: chunk });
      chunk = "";
    };
    for await (const { entry, remaining } of this.#entries(topic, cursor)) {
      const line = lineOf(cursor.epoch, entry);
      if (chunk !== "" && chunk.length + line.length > chunkLength) await write();
      chunk += line;
      events += 1;
      bytes += Buffer.byteLength(line);
      handle.progress(events / (events + remaining), `${events} of ${events + remaining} events`);
    }
    await write();
    await this.#keep(exportKey(handle.taskId), {
      jobId,
      end,
      chunks: String(chunks),
      bytes: String(bytes),
    });
    return { url: `/api/tasks/${handle.taskId}/export`, events, bytes };
  }

  /** What is retained of the log up to `end`, oldest first. */
  async *#entries(topic: TopicKey, end: Cursor): AsyncGenerator<{ entry: LogEntry; remaining: number }> {
    let after: Cursor | null = null;
    do {
      const read = await this.options.store.replay(topic, after, page);
      if (read.kind === "gap" || read.head.cursor.epoch !== end.epoch || read.entries.length === 0) {
        throw new TaskFailure("The job's log was trimmed or lost while it was read; start the export again.");
      }
      for (const entry of read.entries) {
        if (entry.offset > end.offset) return;
        yield { entry, remaining: end.offset - entry.offset };
        after = { epoch: end.epoch, offset: entry.offset };
      }
    } while (after === null || after.offset < end.offset);
  }

  async *#read(jobId: string, end: string, chunks: number): AsyncGenerator<string> {
    for (let position = 0; position < chunks; position++) {
      const chunk = await this.options.store.readState(exportChunkKey(jobId, end, position));
      if (chunk?.text === undefined) throw new Error(`The export of job ${jobId} is no longer whole.`);
      yield chunk.text;
    }
  }

  async #keep({ scope, key }: { scope: string; key: string }, set: Record<string, string>): Promise<void> {
    const retainMs = this.options.retainEndedMs + graceMs;
    await this.options.store.commit({ scope, state: { key, set }, events: [], retainMs });
  }
}

function lineOf(epoch: string, { offset, body }: LogEntry): string {
  const id = JSON.stringify(formatCursor({ epoch, offset }));
  return `{"id":${id},${plainJsonOf(body).slice(1)}\n`;
}
