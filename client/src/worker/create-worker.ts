import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { workOfferInputSchema, type Job } from "@jobwire/shared";
import { z } from "zod";
import type { JobwireClient } from "../create-client.js";
import { timerMs } from "../timer-ms.js";
import { startDeadline } from "./deadline.js";
import { createJobCalls } from "./job-calls.js";
import { keepOffer } from "./keep-offer.js";
import { keepLease } from "./lease-keeper.js";
import { silentLogger, type WorkerLogger } from "./logger.js";
import type { Pipeline } from "./pipeline.js";
import { codeOf, retryChange } from "./retry.js";
import { runJob } from "./run-job.js";
import { watchEnd } from "./watch-end.js";
import { WorkQueue } from "./work-queue.js";

/** What a worker offers, and how it takes jobs. */
export interface WorkerOptions {
  /** Signed in with the role "service". */
  readonly client: Pick<JobwireClient, "trpc">;
  /** What this worker offers, by the name jobs ask for. */
  readonly pipelines: Readonly<Record<string, Pipeline>>;
  /** What its pipelines work on, by the names that jobs give; for people to see. */
  readonly projects?: readonly string[];
  /** Names the holder of a claim: must be this worker's alone. */
  readonly workerId?: string;
  /** How many jobs are done at the same time. 1 when left out. */
  readonly concurrency?: number;
  /** How long a claim outlives a worker that died. 30 s when left out. */
  readonly leaseMs?: number;
  /** How often the server is asked what waits even though its stream says nothing. 30 s when left out. */
  readonly pollMs?: number;
  readonly logger?: WorkerLogger;
}

/** Disposing it stops it without grace. */
export interface Worker extends AsyncDisposable {
  readonly workerId: string;
  /**
   * Claims no more and gives the jobs in hand `graceMs` to finish; after that their stages are aborted and they fail
   * with a message that says so. Resolves when everything is freed. Another call may shorten the grace.
   */
  stop(options: { readonly graceMs: number }): Promise<void>;
}

/**
 * Starts to claim waiting jobs and to take them through the stages of their pipeline.
 * @throws Error that names each option the server would refuse.
 */
export function createWorker(options: WorkerOptions): Worker {
  const { pipelines, projects = [], concurrency = 1, leaseMs = 30_000, pollMs = 30_000 } = options;
  const { workerId = `${hostname()}-${randomUUID().slice(0, 8)}`, logger = silentLogger } = options;
  const offered = workOfferInputSchema
    .omit({ running: true })
    .safeParse({ workerId, host: hostname(), pipelines: Object.keys(pipelines), projects, leaseMs });
  if (!offered.success) throw new Error(`The server refuses this worker\n${z.prettifyError(offered.error)}`);
  const client = options.client.trpc;
  const queue = new WorkQueue({ client, pipelines: Object.keys(pipelines), pollMs, logger });
  const overdue = new AbortController();
  const offer = keepOffer(
    client,
    () => ({
      workerId,
      host: hostname(),
      pipelines: Object.keys(pipelines),
      projects: [...projects],
      running: inHand.size,
    }),
    logger,
  );
  const inHand = new Set<string>();
  let stopping = false;
  const lanes = Array.from({ length: concurrency }, () => takeJobs());

  async function takeJobs(): Promise<void> {
    for (let candidate = await queue.take(); candidate && !stopping; candidate = await queue.take()) {
      const { jobId } = candidate;
      const pipeline = pipelines[candidate.pipeline];
      if (!pipeline || inHand.has(jobId)) continue;
      inHand.add(jobId);
      try {
        await claimAndRun(jobId, pipeline);
      } catch (error) {
        logger.error({ jobId, err: error }, "job given up");
      } finally {
        inHand.delete(jobId);
        offer.refresh();
      }
    }
  }

  async function claimAndRun(jobId: string, pipeline: Pipeline): Promise<void> {
    const claimedAtMs = performance.now();
    const job = await claim(jobId);
    if (!job) return;
    logger.info({ jobId, pipeline: job.pipeline, project: job.project }, "job claimed");
    const onRetry = (error: unknown) => logger.warn({ jobId, err: error }, "server away, trying again");
    await using lease = keepLease({
      jobId,
      leaseMs,
      claimedAtMs,
      renew: (signal) => client.work.renew.mutate({ jobId, workerId, leaseMs }, { signal }),
      onRetry,
    });
    using end = watchEnd(client, jobId);
    const leaseSignal = AbortSignal.any([lease.signal, end.signal]);
    const calls = createJobCalls(client, job, workerId, { signal: leaseSignal, onRetry });
    offer.refresh();
    await runJob({ job, pipeline, calls, leaseSignal, stopSignal: overdue.signal, logger });
    // The queue may hold less than what waits: it is bounded, and so is each answer to what waits.
    queue.refresh();
  }

  /** @returns `null` when the job is somebody else's or no longer waits. */
  async function claim(jobId: string): Promise<Job | null> {
    // An unanswered claim may have been made: past its lease it would be lost, and is not worth asking for.
    using deadline = startDeadline(leaseMs, overdue.signal);
    try {
      return await retryChange(
        (signal) => client.work.claim.mutate({ jobId, workerId, leaseMs }, { signal }),
        async (signal) => {
          const job = await client.jobs.get.query({ jobId }, { signal });
          return job.workerId === workerId && job.status === "starting" ? job : null;
        },
        {
          signal: deadline.signal,
          onRetry: (error) => logger.warn({ jobId, err: error }, "cannot claim, trying again"),
        },
      );
    } catch (error) {
      const code = codeOf(error);
      if (code === "CONFLICT" || code === "NOT_FOUND") return null;
      throw error;
    }
  }

  async function stop({ graceMs }: { readonly graceMs: number }): Promise<void> {
    stopping = true;
    const timer = setTimeout(() => {
      overdue.abort(new Error(`Worker ${workerId} was stopped before the job was done.`));
    }, timerMs(graceMs));
    try {
      await queue[Symbol.asyncDispose]();
      await Promise.all(lanes);
      await offer[Symbol.asyncDispose]();
    } finally {
      clearTimeout(timer);
    }
  }

  return { workerId, stop, [Symbol.asyncDispose]: () => stop({ graceMs: 0 }) };
}
