import type { Job } from "@jobwire/shared";
import { failureMessage, retryMessage } from "./failure-message.js";
import type { JobCalls } from "./job-calls.js";
import type { WorkerLogger } from "./logger.js";
import { performStage } from "./perform-stage.js";
import { buildStages, type Pipeline, type PipelineRun, type StageFunction } from "./pipeline.js";

export interface RunJobOptions {
  /** As claimed: `starting`. */
  readonly job: Job;
  readonly pipeline: Pipeline;
  readonly calls: JobCalls;
  /** Aborted when the claim is lost: whatever is said about the job afterwards is refused. */
  readonly leaseSignal: AbortSignal;
  /** Aborted when the worker waits no longer: the job fails with the signal's reason. */
  readonly stopSignal: AbortSignal;
  readonly logger: WorkerLogger;
}

/** Takes a claimed job through its stages to `ready` or `failed`. Resolves when what it used is free again. */
export async function runJob(options: RunJobOptions): Promise<void> {
  const { job, pipeline, calls, leaseSignal, stopSignal, logger } = options;
  const signal = AbortSignal.any([leaseSignal, stopSignal]);
  let attempt = job.attempt;
  let run: PipelineRun | undefined;
  let failing: Promise<void> | undefined;
  try {
    run = pipeline.open(job);
    await passStages(run);
    await calls.transition("ready", attempt);
    logger.info({ jobId: job.id }, "job ready");
  } catch (error) {
    failing = fail(signal.aborted ? signal.reason : error);
  }
  await Promise.all([failing, run?.[Symbol.asyncDispose]?.()]);

  async function passStages(stages: PipelineRun): Promise<void> {
    for (let retryReason: string | undefined; ; attempt += 1) {
      retryReason = await attemptStages(stages, retryReason);
      if (retryReason === undefined) return;
      logger.warn({ jobId: job.id, reason: retryReason }, "checks failed");
    }
  }

  /** @returns why the job goes back to `scaffold`; `undefined` when every stage was passed. */
  async function attemptStages(stages: PipelineRun, retryReason?: string): Promise<string | undefined> {
    const retries = pipeline.retries ?? 0;
    for (const stage of buildStages) {
      signal.throwIfAborted();
      await calls.transition(stage, attempt, stage === "scaffold" ? retryReason : undefined);
      try {
        const perform: StageFunction = (context) => stages[stage](context);
        await performStage({ stage, perform, job, attempt, calls, signal, logger });
      } catch (error) {
        if (stage !== "checks" || attempt > retries || signal.aborted) throw error;
        return retryMessage(attempt, retries, error);
      }
    }
    return undefined;
  }

  async function fail(reason: unknown): Promise<void> {
    const message = failureMessage(reason);
    logger.warn({ jobId: job.id, reason: message }, "job failed");
    if (leaseSignal.aborted) return;
    try {
      await calls.transition("failed", attempt, message);
    } catch (error) {
      logger.error({ jobId: job.id, err: error }, "cannot say that the job failed");
    }
  }
}
