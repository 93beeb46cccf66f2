import type { JobwireTrpc } from "../create-client.js";
import { createConnectionStatus } from "./connection-status.js";
import { createJobFeed, emptyJobFeed, type JobFeed } from "./job-feed.js";
import { pageSize, type JobFeedItem } from "./job-feed-reader.js";
import { createSpoolBoard, unknownBoard, type SpoolBoard, type SpoolItem } from "./spool-board.js";
import { StreamPool } from "./stream-pool.js";
import { createWatchedJob, unknownJob } from "./watched-job.js";

/** The streams that the components below one provider watch: one for each kind and input, however many watch it. */
export interface JobwireStreams extends ReturnType<typeof createJobwireStreams> {}

export function createJobwireStreams({ jobs, spools }: JobwireTrpc) {
  const status = createConnectionStatus(() => pools.flatMap(({ connections }) => connections));

  const job = new StreamPool(
    unknownJob,
    (jobId: string) =>
      createWatchedJob(jobId, {
        subscribe: (observer) => jobs.events.subscribe({ jobId }, observer),
        load: (signal) => jobs.get.query({ jobId }, { signal }),
      }),
    status.update,
  );

  const feed = new StreamPool<null, JobFeed, JobFeedItem>(
    emptyJobFeed,
    () =>
      createJobFeed({
        subscribe: (observer) => jobs.feed.subscribe({ types: [...feedTypes] }, observer),
        list: (cursor, signal) => jobs.list.query({ limit: pageSize, cursor }, { signal }),
      }),
    status.update,
  );

  const board = new StreamPool<null, SpoolBoard, SpoolItem>(
    unknownBoard,
    () =>
      createSpoolBoard({
        subscribe: (observer) => spools.updates.subscribe({}, observer),
        load: (signal) => spools.list.query({}, { signal }),
      }),
    status.update,
  );

  const pools = [job, feed, board];
  return { job, feed, board, status };
}

/** Pictures and documents are for the page of one job. */
const feedTypes = ["build.stage.started", "build.progress"] as const;
