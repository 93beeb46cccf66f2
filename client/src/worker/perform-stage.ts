import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { Job } from "@jobwire/shared";
import { cutToMessage } from "./failure-message.js";
import type { JobCalls } from "./job-calls.js";
import { JobOutput } from "./job-output.js";
import type { WorkerLogger } from "./logger.js";
import type { BuildStage, StageFunction } from "./pipeline.js";
import { createProgressReporter, type Progress } from "./progress-reporter.js";
import { CommandError, runCommand } from "./run-command.js";

export interface StageOptions {
  readonly stage: BuildStage;
  readonly perform: StageFunction;
  readonly job: Job;
  readonly attempt: number;
  readonly calls: JobCalls;
  readonly signal: AbortSignal;
  readonly logger: WorkerLogger;
}

/**
 * Runs one stage function. Resolves when it has returned and its last progress was sent.
 * @throws what the function threw; the signal's reason once that is aborted, whatever the function made of it.
 */
export async function performStage(options: StageOptions): Promise<void> {
  const { stage, perform, job, attempt, calls, signal, logger } = options;
  const progress = createProgressReporter({
    send: (value) => calls.publish({ type: "build.progress", stage, ...value }),
    onError: (error) => logger.warn({ jobId: job.id, stage, err: error }, "progress dropped"),
  });
  const output = new JobOutput({
    stage,
    attempt,
    send: (pieces) => calls.write(pieces),
    onError: (error) => logger.warn({ jobId: job.id, stage, err: error }, "output dropped"),
  });
  const write: JobOutput["write"] = (text, stream) => output.write(text, stream);
  const work = async () =>
    perform({
      output: { write },
      run: (command) =>
        runCommand(command, { signal, write }).catch((error: unknown) => {
          if (!(error instanceof CommandError)) throw error;
          throw new CommandError(`${error.message}\nAll that it wrote is in the output of this job.`);
        }),
      job,
      attempt,
      signal,
      progress: (percent, message) => progress.report(readProgress(percent, message)),
      async publish(event) {
        await progress.flush();
        await calls.publish(event);
      },
    });
  signal.throwIfAborted();
  try {
    await returnedOrLeftBehind(work(), signal, () =>
      logger.warn({ jobId: job.id, stage }, "the stage does not heed its signal; it is left behind"),
    );
  } finally {
    await Promise.all([progress.close(), output.close()]);
  }
  signal.throwIfAborted();
}

/** How long an aborted function may take to clean up. One that takes longer must not hold the worker. */
const settleMs = 5_000;

async function returnedOrLeftBehind(
  work: Promise<void>,
  signal: AbortSignal,
  onLeftBehind: () => void,
): Promise<void> {
  const returned = new AbortController();
  const leftBehind = async () => {
    await once(signal, "abort", { signal: returned.signal });
    await delay(settleMs, undefined, { signal: returned.signal });
    onLeftBehind();
  };
  try {
    await Promise.race([work, leftBehind()]);
  } finally {
    returned.abort();
  }
}

function readProgress(percent: number, message: string | undefined): Progress {
  if (!(percent >= 0 && percent <= 100))
    throw new RangeError(`Progress is 0 to 100 percent, not ${percent}.`);
  return message ? { percent, message: cutToMessage(message) } : { percent };
}
