import { parseCursor, type TaskResult } from "@jobwire/shared";
import type { JobTopic } from "../jobs/job-topic.js";
import type { JobService } from "../jobs/job-service.js";
import type { Caller } from "../principal.js";
import type { Store } from "../store/store.js";
import { TaskFailure } from "./task-failure.js";
import { exportChunkKey, exportKey } from "./task-keys.js";
import type { TaskHandle, TaskWork } from "./task-run.js";
import { taskNotFound } from "./task-store.js";

export interface JobExportsOptions {
  readonly store: Store;
  readonly jobs: JobService;
  readonly jobTopic: JobTopic;
  /** How long a task that has ended is kept. */
  readonly retainEndedMs: number;
}

export interface JobExport {
  readonly jobId: string;
  readonly bytes: number;
  /** NDJSON, read from the store piece by piece as it is consumed. Rejects when a piece is gone. */
  readonly text: AsyncIterable<string>;
}

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
    await this.options.jobs.find(caller, jobId);
    return (handle) => this.#export(jobId, handle);
  }

  /** @throws AppError `TASK_NOT_FOUND` when it is gone. */
  async open(taskId: string): Promise<JobExport> {
    const { jobId, end, chunks, bytes } = (await this.options.store.readState(exportKey(taskId))) ?? {};
    if (jobId === undefined || end === undefined) throw taskNotFound(taskId);
    return { jobId, bytes: Number(bytes), text: this.#read(jobId, end, Number(chunks)) };
  }

  async #export(jobId: string, handle: TaskHandle): Promise<TaskResult<"export-events">> {
    const { jobTopic } = this.options;
    const end = (await jobTopic.newestId({ jobId })) ?? "";
    const endOffset = parseCursor(end)?.offset ?? 0;
    let [events, bytes, chunks, chunk] = [0, 0, 0, ""];
    const write = async () => {
      await this.#keep(exportChunkKey(jobId, end, chunks++), { text: chunk });
      chunk = "";
    };
    for await (const { id, event } of jobTopic.history({ jobId }, handle.signal)) {
      if (event.type === "stream.gap")
        throw new TaskFailure("The job's log was trimmed or lost while it was read; start the export again.");
      const offset = parseCursor(id)?.offset ?? 0;
      if (offset > endOffset) break;
      const line = `${JSON.stringify({ id, ...event })}\n`;
      if (chunk !== "" && chunk.length + line.length > chunkLength) await write();
      chunk += line;
      events += 1;
      bytes += Buffer.byteLength(line);
      const total = events + endOffset - offset;
      handle.progress(events / total, `${events} of ${total} events`);
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
