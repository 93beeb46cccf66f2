import type { Job, JobFeedEvent, JobStreamEvent, StreamGap, WorkWaiting } from "@jobwire/shared";
import type { Caller } from "../principal.js";
import type { EventStream } from "../streams/event-stream.js";
import { TopicStream } from "../streams/topic-stream.js";
import { SharedReads } from "../streams/shared-reads.js";
import { gapEvent, readStreamRequest, type StreamRequest } from "../streams/stream-request.js";
import type { TopicHubs } from "../streams/topic-hubs.js";
import { feedTopic, jobTopic, ownerScope, waitingTopic } from "./job-keys.js";
import type { JobService } from "./job-service.js";

/** How many jobs the snapshot of a feed's gap holds. */
const feedSnapshotSize = 100;

/** The subscriptions of the jobs domain, each with what a snapshot of it is. */
export class JobStreams {
  readonly #jobSnapshots = new SharedReads<Job>();
  readonly #feedSnapshots = new SharedReads<readonly Job[]>();

  constructor(
    private readonly hubs: TopicHubs,
    private readonly jobs: JobService,
  ) {}

  /** One job's log. Completes after the event that says its end. @throws AppError `JOB_NOT_FOUND` */
  async ofJob(
    caller: Caller,
    {
      jobId,
      replay,
      ...request
    }: StreamRequest & { readonly jobId: string; readonly replay: "all" | "none" },
  ): Promise<EventStream<JobStreamEvent>> {
    const { ownerId, isFinished } = await this.jobs.find(caller, jobId);
    return new TopicStream<JobStreamEvent>({
      hubs: this.hubs,
      ...readStreamRequest(request),
      topic: { scope: ownerScope(ownerId), topic: jobTopic(jobId) },
      start: replay === "all" ? "oldest" : "newest",
      expects: isFinished ? "end" : "events",
      explainGap: async (gap) => {
        const job = await this.#jobSnapshots.read(gap.to, () => this.jobs.get(caller, jobId));
        return { ...gapEvent(gap, job), jobId };
      },
    });
  }

  /** Every event of all the caller's own jobs. */
  ofOwner(caller: Caller, request: StreamRequest): EventStream<JobFeedEvent> {
    const newestJobs = async () => (await this.jobs.list(caller, { limit: feedSnapshotSize })).items;
    return new TopicStream<JobFeedEvent>({
      hubs: this.hubs,
      ...readStreamRequest(request),
      topic: feedTopic(caller.userId),
      start: "oldest",
      explainGap: async (gap) => gapEvent(gap, await this.#feedSnapshots.read(gap.to, newestJobs)),
    });
  }

  /** Nudges for workers. What waited before is asked for; after a gap it should be asked for again. */
  ofWaitingWork(pipeline: string, request: StreamRequest): EventStream<WorkWaiting | StreamGap<null>> {
    return new TopicStream<WorkWaiting | StreamGap<null>>({
      hubs: this.hubs,
      ...readStreamRequest(request),
      topic: waitingTopic(pipeline),
      start: "newest",
      explainGap: async (gap) => gapEvent(gap, null),
    });
  }
}
