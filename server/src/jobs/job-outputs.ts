import {
  outputCheckMs,
  outputTopic,
  type Job,
  type JobStatus,
  type OutputPiece,
  type OutputStreamEvent,
  type StreamInputOf,
} from "@jobwire/shared";
import { AppError } from "../app-error.js";
import { jobNotFound } from "./job-decisions.js";
import type { EventStream, Jobwire } from "../topics/index.js";

export interface JobOutputsOptions {
  readonly retainMs: number;
  /** How many bytes of a job's output are kept: the newest. */
  readonly maxBytes: number;
  /** `null`: there is no such job any more. */
  readonly findJob: (jobId: string) => Promise<Job | null>;
}

export type OutputRequest = Omit<StreamInputOf<typeof outputTopic>, "jobId" | "types"> & {
  readonly stage?: JobStatus | undefined;
};

const maxPieces = 100_000;

/** What the commands of jobs write: a log for each job, bounded in bytes. */
export class JobOutputs {
  readonly #topic;
  readonly #findJob: JobOutputsOptions["findJob"];

  constructor(jobwire: Jobwire, { retainMs, maxBytes, findJob }: JobOutputsOptions) {
    this.#findJob = findJob;
    this.#topic = jobwire.topic(outputTopic, {
      retainMs,
      maxBytes,
      maxEvents: maxPieces,
      // Whoever ended the job may have died before it said so here.
      due: ({ ended, checkAt }) => (ended ? null : checkAt),
      onDue: async ({ jobId }, state) => {
        const job = await findJob(jobId);
        if (!job || job.outcome) return { type: "output.ended" };
        return {
          state: { ...state, checkAt: new Date(jobwire.now().getTime() + outputCheckMs) },
          events: [],
        };
      },
    });
  }

  /** Appends in the order given. @throws AppError `JOB_FINISHED` */
  async write(
    { id: jobId, message }: Job,
    pieces: readonly OutputPiece[],
    idempotencyKey: string | undefined,
  ): Promise<{ ids: readonly string[] }> {
    const { ids } = await this.#topic.change(
      { jobId },
      (state) => {
        if (state?.ended)
          throw new AppError(
            "JOB_FINISHED",
            `Job ${jobId} is finished (${message}); it takes no more output.`,
          );
        let { lines: firstLine, characters: firstCharacter } = state ?? { lines: 0, characters: 0 };
        return pieces.map((piece) => {
          const event = { type: "output.appended" as const, ...piece, firstLine, firstCharacter };
          firstLine += piece.text.split("\n").length - 1;
          firstCharacter += piece.text.length;
          return event;
        });
      },
      idempotencyKey === undefined ? {} : { idempotencyKey },
    );
    return { ids };
  }

  /** Says that nothing follows. */
  async end(jobId: string): Promise<void> {
    await this.#topic.change({ jobId }, (state) => (state?.ended ? [] : { type: "output.ended" }));
  }

  /** Completes when the job has ended. @throws AppError `CURSOR_INVALID` */
  async stream(
    { id: jobId, outcome }: Job,
    { stage, ...request }: OutputRequest,
    signal: AbortSignal | undefined,
  ): Promise<EventStream<OutputStreamEvent>> {
    if (outcome) await this.end(jobId);
    return this.#topic.stream(
      { ...request, jobId },
      {
        signal,
        // Of a job that is gone nothing follows.
        snapshot: async (state) => {
          if (!(await this.#findJob(jobId))) throw jobNotFound(jobId);
          return state;
        },
        only: stage && ((event) => event.type === "output.ended" || event.stage === stage),
      },
    );
  }

  /** What is kept by now as text, and in its place how much is not kept any more. */
  async *text(jobId: string, stage: JobStatus | undefined): AsyncGenerator<string, void> {
    let position = 0;
    for await (const { event } of this.#topic.history({ jobId })) {
      if (event.type !== "output.appended") continue;
      const missing = event.firstCharacter - position;
      if (missing > 0) yield `[${missing} characters, up to line ${event.firstLine}, are no longer kept]\n`;
      position = event.firstCharacter + event.text.length;
      if (stage === undefined || event.stage === stage) yield event.text;
    }
  }

  async remove(jobId: string): Promise<void> {
    await this.#topic.remove({ jobId });
  }
}
