import type {
  ClaimInput,
  Job,
  Pipeline,
  StreamInputOf,
  Worker,
  WorkOfferInput,
  WriteOutputInput,
  workTopic,
} from "@jobwire/shared";
import { claimJob, requireLease } from "./job-decisions.js";
import type { Caller } from "../principal.js";
import { queueOf, waitingIndexOf } from "./job-filter.js";
import { longestWaiting } from "./job-listing.js";
import type { JobOutputs } from "./job-outputs.js";
import type { JobService } from "./job-service.js";
import type { JobTopic } from "./job-topic.js";
import type { WaitingWork } from "./waiting-work.js";
import type { WorkerRegistry } from "./worker-registry.js";

export interface WorkServiceOptions {
  readonly topic: JobTopic;
  readonly service: JobService;
  readonly outputs: JobOutputs;
  readonly workers: WorkerRegistry;
  readonly waiting: WaitingWork;
  readonly now: () => Date;
}

/** What workers do: say that they are there, find queued jobs, claim them, keep the claim and hand in output. */
export class WorkService {
  constructor(private readonly options: WorkServiceOptions) {}

  /** Queued jobs of these pipelines, oldest first. */
  async waiting(
    pipelines: readonly string[],
    limit: number,
  ): Promise<{ readonly jobId: string; readonly pipeline: string }[]> {
    const { items } = await this.options.topic.list({ index: pipelines.map(queueOf), limit });
    return items.map(({ state: { id, pipeline } }) => ({ jobId: id, pipeline: pipeline ?? "" }));
  }

  watch(input: StreamInputOf<typeof workTopic>, signal: AbortSignal | undefined) {
    return this.options.waiting.stream(input, signal);
  }

  /** Of two workers one gets it, the other a conflict. */
  claim({ jobId, workerId, leaseMs }: ClaimInput): Promise<Job> {
    return this.options.service.change(jobId, (job) =>
      claimJob(job, workerId, this.#inFuture(leaseMs), this.options.now()),
    );
  }

  /** @throws AppError `LEASE_NOT_HELD` when the job is finished or another worker's. */
  async renew({ jobId, workerId, leaseMs }: ClaimInput): Promise<{ leaseExpiresAt: Date }> {
    let leaseExpiresAt = this.#inFuture(leaseMs);
    await this.options.service.change(jobId, (job) => {
      requireLease(job, workerId);
      leaseExpiresAt = this.#inFuture(leaseMs);
      return { state: { ...job, leaseExpiresAt }, events: [] };
    });
    return { leaseExpiresAt };
  }

  /** @throws AppError `JOB_FINISHED`, `LEASE_NOT_HELD` for a worker that lost the job. */
  async write({
    jobId,
    pieces,
    workerId,
    idempotencyKey,
  }: WriteOutputInput): Promise<{ ids: readonly string[] }> {
    const job = await this.options.service.find({ userId: "", role: "service" }, jobId);
    if (workerId !== undefined && job.outcome === null) requireLease(job, workerId);
    return this.options.outputs.write(job, pieces, idempotencyKey);
  }

  offer(input: WorkOfferInput): Promise<Worker> {
    return this.options.workers.offer(input);
  }

  leave(workerId: string): Promise<void> {
    return this.options.workers.leave(workerId);
  }

  workers(): Promise<Worker[]> {
    return this.options.workers.list();
  }

  /**
   * What workers offer, by name, and what nobody offers although jobs wait for it: the caller's own, for services anybody's. Of
   * these the jobs that wait longest are looked at.
   */
  async pipelines(caller: Caller): Promise<Pipeline[]> {
    const { workers, topic } = this.options;
    const offered = await workers.pipelines();
    const { items } = await topic.list({ index: waitingIndexOf(caller), limit: longestWaiting });
    const wanted = items.flatMap(({ state }) => state.pipeline ?? []);
    const names = [...new Set([...offered.keys(), ...wanted])].toSorted();
    const waiting = await topic.counts(names.map(queueOf));
    return Promise.all(
      names.map(async (name) => ({
        name,
        ...(offered.get(name) ?? { projects: [], workers: 0 }),
        waiting: waiting[queueOf(name)] ?? 0,
        waitingSince: waiting[queueOf(name)] ? await this.#waitingSince(name) : null,
      })),
    );
  }

  /** Since when the oldest job of a pipeline waits. */
  async #waitingSince(pipeline: string): Promise<Date | null> {
    const { items } = await this.options.topic.list({ index: queueOf(pipeline), limit: 1 });
    return items[0]?.state.updatedAt ?? null;
  }

  /** By the clock that all servers share. */
  #inFuture(ms: number): Date {
    return new Date(this.options.now().getTime() + ms);
  }
}
