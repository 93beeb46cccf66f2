import {
  canTransition,
  isTerminalJobStatus,
  jobStageLabels,
  jobTransitions,
  type CreateJobInput,
  type Job,
  type JobEvent,
  type JobPage,
  type JobStatus,
  type ListJobsInput,
  type PublishJobEventInput,
} from "@jobwire/shared";
import { v7 as sortableId } from "uuid";
import { AppError } from "../app-error.js";
import type { Caller } from "../principal.js";
import { toJob, type JobRecord } from "./job-record.js";
import { jobNotFound, type FoundJob, type Guard, type JobStore } from "./job-store.js";
import { stageCompleted, stageStarted } from "./stage-events.js";
import type { WorkQueue } from "./work-queue.js";

export interface Transition {
  readonly to: JobStatus;
  /** Default: the label of the new status. */
  readonly message?: string | undefined;
  readonly narration?: string | undefined;
}

export type Lease = Pick<JobRecord, "workerId" | "leaseExpiresAt">;

/** The life of build jobs: every change is one commit together with the events that say it. */
export class JobService {
  constructor(
    private readonly jobs: JobStore,
    private readonly work: WorkQueue,
  ) {}

  async create(owner: Caller, input: CreateJobInput): Promise<Job> {
    const now = new Date(this.jobs.clock.now());
    const record: JobRecord = {
      id: sortableId(),
      ownerId: owner.userId,
      status: "queued",
      stageLabel: jobStageLabels.queued,
      title: input.title ?? null,
      pipeline: input.pipeline ?? null,
      project: input.project ?? null,
      message: jobStageLabels.queued,
      metadata: input.metadata ?? {},
      attempt: 1,
      workerId: null,
      leaseExpiresAt: null,
      createdAt: now,
      updatedAt: now,
      stageStartedAt: now,
      revision: 1,
    };
    await this.work.open(record);
    await this.jobs.create(record, [stageStarted(record, undefined)]);
    await this.work.announce(record);
    return toJob(record);
  }

  /** @throws AppError `JOB_NOT_FOUND`, also when the job is another user's. */
  async get(caller: Caller, jobId: string): Promise<Job> {
    const record = await this.jobs.read(jobId);
    requireSight(caller, record.ownerId, jobId);
    return toJob(record);
  }

  /** Whose job it is, and whether it is over. @throws AppError `JOB_NOT_FOUND`, also when the job is another user's. */
  async find(caller: Caller, jobId: string): Promise<FoundJob> {
    const found = await this.jobs.find(jobId);
    requireSight(caller, found.ownerId, jobId);
    return found;
  }

  async list(owner: Caller, { limit, cursor }: ListJobsInput): Promise<JobPage> {
    const { records, next } = await this.jobs.list(owner.userId, { limit, before: cursor ?? undefined });
    return { items: records.map(toJob), nextCursor: next };
  }

  /**
   * @throws AppError `TRANSITION_INVALID` when the table does not allow it, `JOB_CHANGED` when another call was
   * faster. Nothing is published then and nothing changed.
   */
  async transition(jobId: string, transition: Transition): Promise<Job> {
    return toJob(await this.move(await this.jobs.read(jobId), transition));
  }

  /**
   * Adds an event to an unfinished job.
   * @returns its id in the job's stream.
   * @throws AppError `JOB_FINISHED`
   */
  async publish({ jobId, event: given, idempotencyKey }: PublishJobEventInput): Promise<{ id: string }> {
    const { timestamp, jobId: named, ...event } = given;
    if (named !== undefined && named !== jobId) {
      throw new AppError(
        "INPUT_INVALID",
        `event.jobId is ${JSON.stringify(named)}; leave it out or use ${JSON.stringify(jobId)}.`,
      );
    }
    const record = await this.jobs.read(jobId);
    const published: JobEvent = { ...event, jobId, timestamp: timestamp ?? new Date() };
    const id = await this.jobs.append(record, published, idempotencyKey);
    if (id === null) {
      throw new AppError("JOB_FINISHED", `Job ${jobId} is finished; its log takes no more events.`);
    }
    return { id };
  }

  /** The transition of a job as it was read; refused as a lost race when it has changed since. */
  async move(
    record: JobRecord,
    { to, message, narration }: Transition,
    { lease = {}, guard = ["revision"] }: { lease?: Partial<Lease>; guard?: readonly Guard[] } = {},
  ): Promise<JobRecord> {
    if (!canTransition(record.status, to)) throw transitionInvalid(record, to);
    // The clocks of two processes differ; what follows in the log is never older.
    const now = new Date(Math.max(this.jobs.clock.now(), record.updatedAt.getTime()));
    const finished = isTerminalJobStatus(to);
    const next: JobRecord = {
      ...record,
      ...lease,
      ...(finished && { leaseExpiresAt: null }),
      status: to,
      stageLabel: jobStageLabels[to],
      message: message ?? jobStageLabels[to],
      attempt: record.status === "checks" && to === "scaffold" ? record.attempt + 1 : record.attempt,
      updatedAt: now,
      stageStartedAt: now,
      revision: record.revision + 1,
    };
    const events = [stageCompleted(record, now), stageStarted(next, narration)];
    if (!(await this.jobs.change(record, next, events, guard))) throw await this.#lostRace(record, to);
    if (finished) await this.work.close(record);
    else if (to === "queued") await this.work.announce(next);
    return next;
  }

  async #lostRace({ id }: JobRecord, to: JobStatus): Promise<AppError> {
    const now = await this.jobs.read(id);
    if (!canTransition(now.status, to)) return transitionInvalid(now, to);
    return new AppError(
      "JOB_CHANGED",
      `Job ${id} became ${now.status} while this call was on its way; look and call again.`,
    );
  }
}

function requireSight(caller: Caller, ownerId: string, jobId: string): void {
  if (caller.role !== "service" && ownerId !== caller.userId) throw jobNotFound(jobId);
}

function transitionInvalid({ id, status }: JobRecord, to: JobStatus): AppError {
  const allowed = jobTransitions[status];
  const rule =
    allowed.length === 0 ? `${status} is final` : `from ${status} it can go to ${allowed.join(", ")}`;
  return new AppError("TRANSITION_INVALID", `Job ${id} cannot go from ${status} to ${to}: ${rule}.`);
}
