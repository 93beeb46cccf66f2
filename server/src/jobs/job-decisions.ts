import {
  canTransition,
  isTerminalJobStatus,
  jobStageLabels,
  jobTransitions,
  type CreateJobInput,
  type EventInputOf,
  type Job,
  type JobOutcome,
  type JobStatus,
  type jobTopic,
} from "@jobwire/shared";
import { AppError } from "../app-error.js";

type JobEventInput = EventInputOf<typeof jobTopic>;

/** What happens to a job: the events, and in the state what no event says. */
export interface JobDecision {
  readonly state: Job;
  readonly events: readonly JobEventInput[];
}

export interface Transition {
  readonly to: JobStatus;
  /** Default: the label of the new status. */
  readonly message?: string | undefined;
  readonly narration?: string | undefined;
}

export function beginJob(
  id: string,
  ownerId: string,
  { title, pipeline, project, metadata, runAt, rerunOf = null }: CreateJobInput & { rerunOf?: string | null },
  now: Date,
): JobDecision {
  const isLater = runAt !== undefined && runAt > now;
  const status = isLater ? "scheduled" : "queued";
  const state: Job = {
    id,
    ownerId,
    status,
    stageLabel: jobStageLabels[status],
    title: title ?? null,
    pipeline: pipeline ?? null,
    project: project ?? null,
    message: jobStageLabels[status],
    metadata: metadata ?? {},
    attempt: 1,
    workerId: null,
    leaseExpiresAt: null,
    outcome: null,
    stages: [],
    runAt: isLater ? runAt : null,
    rerunOf,
    rerunAs: null,
    waitingFor: null,
    queuePosition: null,
    createdAt: now,
    updatedAt: now,
  };
  return { state, events: [stageStarted({ to: status }, now)] };
}

/** @throws AppError `TRANSITION_INVALID` when the table does not allow it. */
export function moveJob(job: Job, transition: Transition, storeNow: Date): JobDecision {
  const { status } = job;
  if (!canTransition(status, transition.to)) throw transitionInvalid(job, transition.to);
  const now = notBefore(job, storeNow);
  return { state: job, events: [stageCompleted(job, now), stageStarted(transition, now)] };
}

/** @throws AppError `JOB_FINISHED` */
export function cancelJob(job: Job, by: string, reason: string | undefined, storeNow: Date): JobDecision {
  if (isTerminalJobStatus(job.status))
    throw new AppError("JOB_FINISHED", `Job ${job.id} has ended already: it is ${job.outcome}.`);
  const now = notBefore(job, storeNow);
  const message = reason === undefined ? `Cancelled by ${by}.` : `Cancelled by ${by}: ${reason}`;
  const ended = stageStarted({ to: "failed", message }, now, "cancelled");
  return { state: job, events: [stageCompleted(job, now), ended] };
}

/** The claim is the transition `queued -> starting`. @throws AppError `JOB_NOT_CLAIMABLE`, `TRANSITION_INVALID` */
export function claimJob(job: Job, workerId: string, leaseExpiresAt: Date, storeNow: Date): JobDecision {
  if (job.pipeline === null)
    throw new AppError(
      "JOB_NOT_CLAIMABLE",
      `Job ${job.id} has no pipeline; it is driven with jobs.transition.`,
    );
  const { events } = moveJob(job, { to: "starting" }, storeNow);
  return { state: { ...job, workerId, leaseExpiresAt }, events };
}

/** @throws AppError `LEASE_NOT_HELD` when the job is finished or another worker's. */
export function requireLease(job: Job, workerId: string): void {
  if (!isTerminalJobStatus(job.status) && job.workerId === workerId) return;
  throw new AppError("LEASE_NOT_HELD", whyNotHeld(job, workerId));
}

/** What becomes of a job when its time has come: it is queued, or its worker is taken for dead. */
export function passTime(job: Job, storeNow: Date): JobDecision {
  if (job.status === "scheduled") return moveJob({ ...job, runAt: null }, { to: "queued" }, storeNow);
  const message = `The lease of worker ${JSON.stringify(job.workerId)} ran out during ${job.status}: it was not renewed in time, so the worker is taken for dead.`;
  return moveJob(job, { to: "failed", message }, storeNow);
}

/** The same for a job that does not exist and for one that is somebody else's. */
export function jobNotFound(jobId: string): AppError {
  return new AppError("JOB_NOT_FOUND", `There is no job ${JSON.stringify(jobId)} that you may see.`);
}

/** When something is to happen with a job by itself. */
export function dueAt({ status, runAt, leaseExpiresAt }: Job): Date | null {
  if (isTerminalJobStatus(status)) return null;
  return status === "scheduled" ? runAt : leaseExpiresAt;
}

function stageStarted(
  { to, message, narration }: Transition,
  now: Date,
  outcome?: JobOutcome,
): JobEventInput {
  const ending = isTerminalJobStatus(to) ? { outcome: outcome ?? to } : {};
  return {
    type: "build.stage.started",
    timestamp: now,
    ...stageOf(to),
    message: message ?? jobStageLabels[to],
    ...(narration !== undefined && { narration }),
    ...ending,
  };
}

function stageCompleted({ status, stages, updatedAt }: Job, now: Date): JobEventInput {
  const startedAt = stages.at(-1)?.startedAt ?? updatedAt;
  return {
    type: "build.stage.completed",
    timestamp: now,
    ...stageOf(status),
    durationMs: Math.max(0, now.getTime() - startedAt.getTime()),
  };
}

function stageOf(status: JobStatus) {
  return { stage: status, stageLabel: jobStageLabels[status], status };
}

/** The clocks of two processes differ; what follows in the log is never older. */
function notBefore({ updatedAt }: Job, now: Date): Date {
  return new Date(Math.max(now.getTime(), updatedAt.getTime()));
}

function transitionInvalid({ id, status }: Job, to: JobStatus): AppError {
  const allowed = jobTransitions[status];
  const rule =
    allowed.length === 0 ? `${status} is final` : `from ${status} it can go to ${allowed.join(", ")}`;
  return new AppError("TRANSITION_INVALID", `Job ${id} cannot go from ${status} to ${to}: ${rule}.`);
}

function whyNotHeld({ id, status, message, workerId: holder }: Job, workerId: string): string {
  const claim = `Worker ${JSON.stringify(workerId)} does not hold job ${id}`;
  if (isTerminalJobStatus(status)) return `${claim}, which is ${status}: ${message}`;
  return holder === null
    ? `${claim}, which is ${status} and nobody's.`
    : `${claim}, which is ${status} and held by ${JSON.stringify(holder)}.`;
}
