import type { Job, JobStatus, PublishableJobEvent } from "@jobwire/shared";
import type { Command } from "./run-command.js";

/** The statuses a worker has a function for, in the order a job passes them. */
export const buildStages = ["scaffold", "code", "deps", "checks"] as const satisfies readonly JobStatus[];

/** One of `buildStages`. */
export type BuildStage = (typeof buildStages)[number];

/** How jobs of one kind are done. */
export interface Pipeline {
  /** How often failed checks send a job back to `scaffold`. 0 when left out. */
  readonly retries?: number;
  /**
   * Makes the stage functions for one job; what they share lives in the closure. An error fails the job with its
   * message.
   */
  open(job: Job): PipelineRun;
}

/**
 * One job's stage functions. Once the job is over, however it ended, the run is disposed of if it can be, after the
 * last stage function has returned.
 */
export interface PipelineRun extends Readonly<Record<BuildStage, StageFunction>>, Partial<AsyncDisposable> {}

/** Returning completes the stage; an error fails it with its message. */
export type StageFunction = (context: StageContext) => void | Promise<void>;

/** What a stage function is given. */
export interface StageContext {
  readonly job: Job;
  /** 1, and one more for each retry. */
  readonly attempt: number;
  /** Aborted when the claim is lost or the worker is stopped: clean up and return, the result no longer counts. */
  readonly signal: AbortSignal;
  /**
   * Says how far the stage is. Call it as often as you like: it returns at once, the newest value wins, and the last
   * one is published before the job goes on.
   * @param percent 0 to 100.
   * @throws RangeError when it is not.
   */
  progress(percent: number, message?: string): void;
  /** What people read of the stage: it has a log of its own, kept when events of the job are trimmed. */
  readonly output: {
    /**
     * Resolves when more may be written: at once, unless the server is slower. Lines are sent whole. What is written when the
     * stage is over is dropped.
     */
    write(text: string, stream?: "stdout" | "stderr"): Promise<void>;
  };
  /**
   * Runs a program: what it writes goes to the output. It ends with the signal, with all that it has started.
   * @throws CommandError when it fails or takes too long: its message has the first line that looks like the reason.
   */
  run(command: Command): Promise<void>;
  /** Publishes an event of the job, after the progress reported so far. Tried again while the server is away. */
  publish(event: PublishableJobEvent): Promise<void>;
}
