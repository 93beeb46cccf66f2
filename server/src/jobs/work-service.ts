import { isTerminalJobStatus, type ClaimInput, type Job } from "@jobwire/shared";
import { AppError } from "../app-error.js";
import type { JobRepair } from "./job-repair.js";
import { toJob, type JobRecord } from "./job-record.js";
import type { JobService } from "./job-service.js";
import type { JobStore } from "./job-store.js";
import { orphanAfterMs, type OpenWork, type WorkQueue } from "./work-queue.js";

/** How often all that is listed is looked at, beside what is due. */
const auditIntervalMs = 3_600_000;

/** What workers do: find queued jobs, claim them, keep the claim; and what happens to those that do not. */
export class WorkService {
  #nextAuditAt = 0;

  constructor(
    private readonly jobs: JobStore,
    private readonly service: JobService,
    private readonly queue: WorkQueue,
    private readonly repair: JobRepair,
  ) {}

  /** Queued jobs of these pipelines, oldest first. */
  async waiting(
    pipelines: readonly string[],
    limit: number,
  ): Promise<Pick<OpenWork, "jobId" | "pipeline">[]> {
    const items: Pick<OpenWork, "jobId" | "pipeline">[] = [];
    for await (const { jobId, pipeline } of this.queue.all()) {
      if (!pipelines.includes(pipeline)) continue;
      if ((await this.jobs.look(jobId))?.status === "queued") items.push({ jobId, pipeline });
      if (items.length === limit) break;
    }
    return items;
  }

  /** The claim is the transition `queued -> starting`: of two workers one gets it, the other a conflict. */
  async claim({ jobId, workerId, leaseMs }: ClaimInput): Promise<Job> {
    const record = await this.jobs.read(jobId);
    if (record.pipeline === null) {
      throw new AppError(
        "JOB_NOT_CLAIMABLE",
        `Job ${jobId} has no pipeline; it is driven with jobs.transition.`,
      );
    }
    const lease = { workerId, leaseExpiresAt: this.#inFuture(leaseMs) };
    // First: a claim that nobody looks after would be one for ever.
    await this.queue.watch(jobId, lease.leaseExpiresAt.getTime());
    return toJob(await this.service.move(record, { to: "starting" }, { lease }));
  }

  /** @throws AppError `LEASE_NOT_HELD` when the job is finished or another worker's. */
  async renew({ jobId, workerId, leaseMs }: ClaimInput): Promise<{ leaseExpiresAt: Date }> {
    const record = await this.jobs.read(jobId);
    const leaseExpiresAt = this.#inFuture(leaseMs);
    if (!(await this.jobs.setLease(record, workerId, leaseExpiresAt))) {
      throw new AppError("LEASE_NOT_HELD", whyNotHeld(await this.jobs.read(jobId), workerId));
    }
    return { leaseExpiresAt };
  }

  /**
   * Fails the jobs whose lease ran out: it looks at what is due. Now and then it looks at all that is listed, and clears it of
   * what is finished or was never created.
   */
  async sweep(signal: AbortSignal): Promise<void> {
    if (!(await this.queue.isComplete())) await this.repair.mend(signal);
    for (const jobId of this.queue.takeGone()) await this.#reopen(jobId);
    if (performance.now() >= this.#nextAuditAt) {
      for await (const entry of this.queue.all()) {
        if (signal.aborted) return;
        await this.#lookAfter(entry, false);
      }
      this.#nextAuditAt = performance.now() + auditIntervalMs;
    }
    for (const { jobId, entry } of await this.queue.due()) {
      if (signal.aborted) return;
      if (entry) await this.#lookAfter(entry, true);
      else await this.#reopen(jobId);
    }
  }

  /** Fails the job, or says when it is to be looked at again, or that it is not listed any more. */
  async #lookAfter({ jobId, pipeline, openedAt }: OpenWork, isDue: boolean): Promise<void> {
    const now = this.jobs.clock.now();
    const record = await this.jobs.look(jobId);
    const orphanedAt = openedAt.getTime() + orphanAfterMs;
    if (record ? isTerminalJobStatus(record.status) : now > orphanedAt)
      return this.queue.close({ id: jobId, pipeline });
    const dueMs = record ? (record.leaseExpiresAt?.getTime() ?? null) : orphanedAt;
    if (record && dueMs !== null && dueMs <= now) await this.#fail(record);
    else if (isDue || dueMs !== null) await this.queue.watch(jobId, dueMs);
  }

  /** Lists a job again whose entry was lost. */
  async #reopen(jobId: string): Promise<void> {
    const record = await this.jobs.look(jobId);
    if (record && !isTerminalJobStatus(record.status)) {
      await this.queue.open(record);
      await this.queue.watch(jobId, record.leaseExpiresAt?.getTime() ?? null);
    } else await this.queue.close({ id: jobId, pipeline: record?.pipeline ?? "" });
  }

  async #fail(record: JobRecord): Promise<void> {
    const message = `The lease of worker ${JSON.stringify(record.workerId)} ran out during ${record.status}: it was not renewed in time, so the worker is taken for dead.`;
    try {
      await this.service.move(record, { to: "failed", message }, { guard: ["revision", "leaseExpiresAt"] });
    } catch (error) {
      // Another process swept it, or the worker is alive after all.
      if (!(error instanceof AppError && error.code === "CONFLICT")) throw error;
    }
  }

  /** By the clock that all servers share. */
  #inFuture(ms: number): Date {
    return new Date(this.jobs.clock.now() + ms);
  }
}

function whyNotHeld({ id, status, message, workerId: holder }: JobRecord, workerId: string): string {
  const claim = `Worker ${JSON.stringify(workerId)} does not hold job ${id}`;
  if (isTerminalJobStatus(status)) return `${claim}, which is ${status}: ${message}`;
  return holder === null
    ? `${claim}, which is ${status} and nobody's.`
    : `${claim}, which is ${status} and held by ${JSON.stringify(holder)}.`;
}
