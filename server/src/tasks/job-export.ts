import { defineTopic, parseCursor, type TaskResult } from "@jobwire/shared";
import { z } from "zod";
import type { JobTopic } from "../jobs/job-topic.js";
import type { JobService } from "../jobs/job-service.js";
import type { Caller } from "../principal.js";
import type { Jobwire } from "../topics/index.js";
import { taskNotFound } from "./task-errors.js";
import { TaskFailure } from "./task-failure.js";
import type { TaskHandle, TaskWork } from "./task-run.js";

export interface JobExportsOptions {
  readonly jobwire: Jobwire;
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

/** What a task has exported by now. */
const exportTopic = defineTopic("job-export", {
  key: z.object({ taskId: z.string() }),
  events: {
    "export.appended": z.object({ text: z.string() }),
    "export.ended": z.object({ jobId: z.string(), bytes: z.number() }),
  },
  ends: ["export.ended"],
  state: z.object({ jobId: z.string().nullable(), bytes: z.number(), writtenAt: z.date() }),
  apply: (_state, event) => ({
    jobId: event.type === "export.ended" ? event.jobId : null,
    bytes: event.type === "export.ended" ? event.bytes : 0,
    writtenAt: event.timestamp,
  }),
});

/**
 * A job's log as NDJSON: each line an event as plain JSON, with its id. It is a copy, so it stays whole when the log is
 * trimmed or the job goes; it is kept in the store, so any process can hand it out, in pieces, so neither writing nor
 * reading it holds it in memory.
 */
export class JobExports {
  readonly #topic;

  constructor(private readonly options: JobExportsOptions) {
    const retainMs = options.retainEndedMs + graceMs;
    this.#topic = options.jobwire.topic(exportTopic, {
      retainMs,
      // Of a task that has failed there is no end.
      expires: ({ writtenAt }) => new Date(writtenAt.getTime() + retainMs),
      // As much as the log of a job has.
      maxEvents: Number.MAX_SAFE_INTEGER,
      maxBytes: Number.MAX_SAFE_INTEGER,
    });
  }

  /** @throws AppError `JOB_NOT_FOUND`, also when the job is another user's. */
  async prepare(caller: Caller, jobId: string): Promise<TaskWork<TaskResult<"export-events">>> {
    await this.options.jobs.find(caller, jobId);
    return (handle) => this.#export(jobId, handle);
  }

  /** @throws AppError `TASK_NOT_FOUND` when it is gone. */
  async open(taskId: string): Promise<JobExport> {
    const { jobId = null, bytes = 0 } = (await this.#topic.state({ taskId })) ?? {};
    if (jobId === null) throw taskNotFound(taskId);
    return { jobId, bytes, text: this.#read(taskId, jobId) };
  }

  async #export(jobId: string, handle: TaskHandle): Promise<TaskResult<"export-events">> {
    const { jobTopic } = this.options;
    const { taskId } = handle;
    const end = (await jobTopic.newestId({ jobId })) ?? "";
    const endOffset = parseCursor(end)?.offset ?? 0;
    let [events, bytes, chunk] = [0, 0, ""];
    // How long it is kept goes by the store's clock.
    const timestamp = () => this.options.jobwire.now();
    const write = async () => {
      if (chunk !== "")
        await this.#topic.publish(
          { taskId },
          { type: "export.appended", timestamp: timestamp(), text: chunk },
        );
      chunk = "";
    };
    for await (const { id, event } of jobTopic.history({ jobId }, handle.signal)) {
      if (event.type === "stream.gap")
        throw new TaskFailure("The job's log was trimmed or lost while it was read; start the export again.");
      const offset = parseCursor(id)?.offset ?? 0;
      if (offset > endOffset) break;
      const line = `${JSON.stringify({ id, ...event })}\n`;
      if (chunk.length + line.length > chunkLength) await write();
      chunk += line;
      events += 1;
      bytes += Buffer.byteLength(line);
      const total = events + endOffset - offset;
      handle.progress(events / total, `${events} of ${total} events`);
    }
    await write();
    await this.#topic.publish({ taskId }, { type: "export.ended", timestamp: timestamp(), jobId, bytes });
    return { url: `/api/tasks/${taskId}/export`, events, bytes };
  }

  async *#read(taskId: string, jobId: string): AsyncGenerator<string> {
    let left: number | null = null;
    let read = 0;
    for await (const { event } of this.#topic.history({ taskId })) {
      if (event.type === "export.ended") left = event.bytes - read;
      if (event.type !== "export.appended") continue;
      read += Buffer.byteLength(event.text);
      yield event.text;
    }
    if (left !== 0) throw new Error(`The export of job ${jobId} is no longer whole.`);
  }
}
