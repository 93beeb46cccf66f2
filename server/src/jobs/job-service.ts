import {
  isTerminalJobStatus,
  type jobTopic,
  type CancelJobInput,
  type CountJobsInput,
  type CreateJobInput,
  type Job,
  type JobCounts,
  type JobFeedEvent,
  type JobPage,
  type JobStreamEvent,
  type ListJobsInput,
  type PublishJobEventInput,
  type StreamInputOf,
} from "@jobwire/shared";
import { AppError } from "../app-error.js";
import { KeyedTurns } from "../keyed-turns.js";
import type { Caller } from "../principal.js";
import type { EventStream } from "../topics/index.js";
import {
  beginJob,
  cancelJob,
  jobNotFound,
  moveJob,
  requireLease,
  type JobDecision,
  type Transition,
} from "./job-decisions.js";
import { JobListing } from "./job-listing.js";
import type { JobRequests } from "./job-requests.js";
import { JobIds } from "./job-ids.js";
import type { JobOutputs } from "./job-outputs.js";
import { RecentReads } from "../recent-reads.js";
import { requireOwnJobs } from "./job-filter.js";
import { everybodysFeed, feedOf, type JobTopic } from "./job-topic.js";
import type { WorkerRegistry } from "./worker-registry.js";

export interface JobServiceOptions {
  readonly topic: JobTopic;
  readonly requests: JobRequests;
  readonly outputs: JobOutputs;
  readonly workers: WorkerRegistry;
  readonly maxOpenPerUser: number;
  readonly now: () => Date;
}

type FeedInput = Pick<StreamInputOf<typeof jobTopic>, "lastEventId" | "replay" | "types"> &
  Pick<CountJobsInput, "ownerId" | "all">;

/** How many jobs the snapshot of a feed's gap holds. */
const feedSnapshotSize = 100;

/** The life of build jobs: every change is one commit together with the events that say it. */
export class JobService {
  /** Who asks for a job at the same time, or a moment later, gets the same answer: a thousand streams cost one read. */
  readonly #recent = new RecentReads<Job>();
  readonly #snapshots = new RecentReads<readonly Job[]>();

  readonly #ids = new JobIds();
  readonly #listing: JobListing;
  /** Of owners whose jobs are counted for one more: nobody in this process adds one in between. */
  readonly #turns = new KeyedTurns();

  constructor(private readonly options: JobServiceOptions) {
    this.#listing = new JobListing(options.topic, options.workers);
  }

  /** @throws AppError `JOBS_BUSY` when the owner has too many unfinished ones. */
  async create(owner: Caller, input: CreateJobInput & { rerunOf?: string }): Promise<Job> {
    const { topic, requests, maxOpenPerUser, now } = this.options;
    const at = now();
    const newId = this.#ids.next(at);
    const { idempotencyKey } = input;
    const jobId =
      idempotencyKey === undefined ? newId : await requests.idFor(owner.userId, idempotencyKey, newId);
    const made = await this.#turns.run(owner.userId, async () => {
      const before = jobId === newId ? null : await topic.state({ jobId });
      if (before) return before;
      const open = await this.#listing.countOpen(owner.userId);
      if (open >= maxOpenPerUser)
        throw new AppError(
          "JOBS_BUSY",
          `You have ${open} unfinished jobs; wait until one of them has ended, or cancel one.`,
        );
      const { state } = await topic.change({ jobId }, (known) =>
        known ? [] : beginJob(jobId, owner.userId, input, at),
      );
      return found(state, jobId);
    });
    return this.#listing.present(made);
  }

  /** @throws AppError `JOB_NOT_FOUND`, also when the job is another user's. */
  async get(caller: Caller, jobId: string): Promise<Job> {
    const job = await this.#read(jobId);
    requireSight(caller, job);
    const { queuePosition } = await this.#listing.placeOf(job);
    return { ...(await this.#listing.present(job)), queuePosition };
  }

  /** As `get`, but as it was at most a second ago while it is unfinished. */
  async find(caller: Caller, jobId: string): Promise<Job> {
    const job = await this.#recent.read(
      jobId,
      () => this.#read(jobId),
      ({ status }) => !isTerminalJobStatus(status),
    );
    requireSight(caller, job);
    return job;
  }

  /** Newest first. @throws AppError `ROLE_REQUIRED` */
  list(caller: Caller, input: ListJobsInput): Promise<JobPage> {
    return this.#listing.list(caller, input);
  }

  /** @throws AppError `ROLE_REQUIRED` */
  counts(caller: Caller, filter: CountJobsInput): Promise<JobCounts> {
    return this.#listing.counts(caller, filter);
  }

  /** @throws AppError `TRANSITION_INVALID` when the table does not allow it, `LEASE_NOT_HELD` for a worker that lost the job. */
  transition(
    jobId: string,
    {
      workerId,
      idempotencyKey,
      ...transition
    }: Transition & { workerId?: string | undefined; idempotencyKey?: string | undefined },
  ): Promise<Job> {
    return this.change(
      jobId,
      (job) => {
        if (workerId !== undefined) requireLease(job, workerId);
        return moveJob(job, transition, this.options.now());
      },
      idempotencyKey,
    );
  }

  /** @throws AppError `JOB_NOT_FOUND`, `JOB_FINISHED` */
  async cancel(caller: Caller, { jobId, reason }: CancelJobInput): Promise<Job> {
    const by = caller.role === "service" ? `service ${caller.userId}` : caller.userId;
    return this.change(jobId, (job) => {
      requireSight(caller, job);
      return cancelJob(job, by, reason, this.options.now());
    });
  }

  /** A new job like this one. @throws AppError `JOB_NOT_FOUND`, `JOBS_BUSY` */
  async rerun(caller: Caller, jobId: string): Promise<Job> {
    const job = await this.#read(jobId);
    requireSight(caller, job);
    const { title, pipeline, project, metadata, ownerId } = job;
    const next = await this.create(
      { userId: ownerId, role: "user" },
      {
        metadata,
        rerunOf: jobId,
        ...(title !== null && { title }),
        ...(pipeline !== null && { pipeline }),
        ...(project !== null && { project }),
      },
    );
    await this.options.topic.change({ jobId }, (old) =>
      old ? { state: { ...old, rerunAs: next.id }, events: [] } : [],
    );
    return next;
  }

  /** Everything of a finished job is gone at once; its owner's feed says so. @throws AppError `JOB_NOT_FOUND`, `JOB_UNFINISHED` */
  async remove(caller: Caller, jobId: string): Promise<{ removed: true }> {
    const job = await this.#read(jobId);
    requireSight(caller, job);
    if (!isTerminalJobStatus(job.status))
      throw new AppError("JOB_UNFINISHED", `Job ${jobId} is ${job.status}; cancel it first.`);
    await this.drop(jobId);
    return { removed: true };
  }

  /** @returns false when it is gone already. */
  async drop(jobId: string): Promise<boolean> {
    const { topic, outputs } = this.options;
    await outputs.remove(jobId);
    this.#recent.forget(jobId);
    return topic.remove({ jobId });
  }

  /**
   * Adds events to an unfinished job.
   * @returns their ids in the job's stream; `id` is that of the last.
   * @throws AppError `JOB_FINISHED`, `LEASE_NOT_HELD` for a worker that lost the job.
   */
  async publish(input: PublishJobEventInput): Promise<{ id: string; ids: readonly string[] }> {
    const { jobId, event, events = event ? [event] : [], idempotencyKey, workerId } = input;
    for (const { jobId: named } of events)
      if (named !== undefined && named !== jobId)
        throw new AppError(
          "INPUT_INVALID",
          `event.jobId is ${JSON.stringify(named)}; leave it out or use ${JSON.stringify(jobId)}.`,
        );
    const { ids } = await this.#change(
      jobId,
      (job) => {
        if (workerId !== undefined) requireLease(job, workerId);
        if (isTerminalJobStatus(job.status))
          throw new AppError("JOB_FINISHED", `Job ${jobId} is finished; its log takes no more events.`);
        return { state: job, events };
      },
      idempotencyKey,
    );
    return { id: ids.at(-1) ?? "", ids };
  }

  /** One job's log. Completes after the event that says its end. @throws AppError `JOB_NOT_FOUND` */
  async events(
    caller: Caller,
    input: StreamInputOf<typeof jobTopic>,
    signal: AbortSignal | undefined,
  ): Promise<EventStream<JobStreamEvent>> {
    const { jobId } = input;
    await this.find(caller, jobId);
    return this.options.topic.stream(input, {
      signal,
      snapshot: (job) => this.#listing.present(found(job, jobId)),
    });
  }

  /**
   * Every event of all the caller's own jobs; for a service of another's, or the stages of everybody's.
   * @throws AppError `ROLE_REQUIRED`
   */
  feed(
    caller: Caller,
    { ownerId, all, ...input }: FeedInput,
    signal: AbortSignal | undefined,
  ): EventStream<JobFeedEvent> {
    requireOwnJobs(caller, { ownerId, all });
    const newest = async () => (await this.list(caller, { ownerId, all, limit: feedSnapshotSize })).items;
    const feed = all ? everybodysFeed : feedOf(ownerId ?? caller.userId);
    return this.options.topic.feed(feed, input, {
      signal,
      // Those that meet a gap together share one read.
      snapshot: ({ to }) => this.#snapshots.read(`${feed} ${to}`, newest, () => false),
    });
  }

  /** What `decide` makes of a job. @throws AppError `JOB_NOT_FOUND`, `JOB_CHANGED`; what `decide` throws. */
  async change(jobId: string, decide: (job: Job) => JobDecision, idempotencyKey?: string): Promise<Job> {
    const { state } = await this.#change(jobId, decide, idempotencyKey);
    return this.#listing.present(state);
  }

  async #change(
    jobId: string,
    decide: (job: Job) => JobDecision,
    idempotencyKey?: string,
  ): Promise<{ readonly state: Job; readonly ids: readonly string[] }> {
    try {
      const { state, ids } = await this.options.topic.change(
        { jobId },
        (job) => decide(found(job, jobId)),
        idempotencyKey === undefined ? {} : { idempotencyKey },
      );
      return { state: found(state, jobId), ids };
    } catch (error) {
      if (error instanceof AppError && error.reason === "TOPIC_BUSY")
        throw new AppError(
          "JOB_CHANGED",
          `Job ${jobId} changed again and again while this call was on its way; look and call again.`,
        );
      throw error;
    } finally {
      this.#recent.forget(jobId);
    }
  }

  async #read(jobId: string): Promise<Job> {
    return found(await this.options.topic.state({ jobId }), jobId);
  }
}

function found(job: Job | null, jobId: string): Job {
  if (!job) throw jobNotFound(jobId);
  return job;
}

function requireSight({ role, userId }: Caller, { id, ownerId }: Job): void {
  if (role !== "service" && ownerId !== userId) throw jobNotFound(id);
}
