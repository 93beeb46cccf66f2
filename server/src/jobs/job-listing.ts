import {
  isTerminalJobStatus,
  jobStatuses,
  jobTopic,
  topicKeyText,
  type CountJobsInput,
  type Job,
  type JobCounts,
  type JobPage,
  type JobStatus,
  type ListJobsInput,
} from "@jobwire/shared";
import type { Caller } from "../principal.js";
import { ownedIndex, queueOf, selectionOf } from "./job-filter.js";
import type { JobTopic } from "./job-topic.js";
import type { WorkerRegistry } from "./worker-registry.js";

const unfinished = jobStatuses.filter((status) => !isTerminalJobStatus(status));

/** How many waiting jobs are looked at for pipelines that nobody offers, and how many of these are looked for. */
export const longestWaiting = 100;
const maxUnoffered = 50;

/** Jobs by what is asked for, each with what is true of it now and stands in no event. */
export class JobListing {
  constructor(
    private readonly topic: JobTopic,
    private readonly workers: WorkerRegistry,
  ) {}

  /** @throws AppError `ROLE_REQUIRED` */
  async list(caller: Caller, { limit, cursor, ...filter }: ListJobsInput): Promise<JobPage> {
    const { items, nextCursor } = await this.topic.list({
      ...selectionOf(caller, filter, await this.#unoffered(caller, filter)),
      order: "descending",
      limit,
      ...(cursor && { cursor: topicKeyText(jobTopic.key, { jobId: cursor }) }),
    });
    return {
      items: await Promise.all(items.map(({ state }) => this.present(state))),
      nextCursor: nextCursor === null ? null : jobIdOf(nextCursor),
    };
  }

  /** @throws AppError `ROLE_REQUIRED` */
  async counts(caller: Caller, filter: CountJobsInput): Promise<JobCounts> {
    const unoffered = await this.#unoffered(caller, filter);
    const selections = jobStatuses.map((status) =>
      selectionOf(caller, { ...filter, status: [status] }, unoffered),
    );
    const isWhole = !filter.attention && selections.every(({ from, to, search }) => !from && !to && !search);
    const indexes = selections.map(({ index }) => [index ?? []].flat()[0] ?? "");
    const known = isWhole ? await this.topic.counts(indexes) : null;
    const counts = await Promise.all(
      selections.map(
        async (selection, position) =>
          known?.[indexes[position] ?? ""] ?? (await this.topic.count(selection)),
      ),
    );
    return Object.fromEntries(
      jobStatuses.map((status, position) => [status, counts[position] ?? 0]),
    ) as Record<JobStatus, number>;
  }

  /** How many unfinished jobs an owner has. */
  async countOpen(ownerId: string): Promise<number> {
    const counts = await this.topic.counts(unfinished.map((status) => ownedIndex(ownerId, status)));
    return Object.values(counts).reduce((sum, count) => sum + count, 0);
  }

  /** The pipelines that jobs wait for and no worker offers, where it matters: of the jobs that wait longest. */
  async #unoffered(caller: Caller, { attention, ownerId, all }: CountJobsInput): Promise<string[]> {
    if (!attention) return [];
    const waiting = { ...selectionOf(caller, { ownerId, all, status: ["queued"] }), limit: longestWaiting };
    const [offered, { items }] = await Promise.all([this.workers.pipelines(), this.topic.list(waiting)]);
    const wanted = new Set(items.flatMap(({ state }) => state.pipeline ?? []));
    return [...wanted].filter((name) => !offered.has(name)).slice(0, maxUnoffered);
  }

  /** With what is true of it now and stands in no event. */
  async present(job: Job): Promise<Job> {
    if (job.status !== "queued" || job.pipeline === null) return job;
    const offered = await this.workers.pipelines();
    return { ...job, waitingFor: offered.has(job.pipeline) ? null : "worker" };
  }

  /** How many wait before it. */
  async placeOf({ id, status, pipeline }: Job): Promise<Pick<Job, "queuePosition">> {
    if (status !== "queued" || pipeline === null) return { queuePosition: null };
    const before = { index: queueOf(pipeline), to: { jobId: id } };
    return { queuePosition: await this.topic.count(before) };
  }
}

function jobIdOf(keyText: string): string {
  return String((JSON.parse(keyText) as unknown[])[0]);
}
