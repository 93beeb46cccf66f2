import type { JobwireTrpc } from "../create-client.js";
import { createConnectionStatus } from "./connection-status.js";
import { createJobFeed, emptyJobFeed, type JobFeed } from "./job-feed.js";
import { feedCallsOf, filterOfName } from "./job-feed-filter.js";
import type { JobFeedItem } from "./job-feed-reader.js";
import { createSession, emptySession } from "./session-state.js";
import { createSpoolBoard, unknownBoard, type SpoolBoard, type SpoolItem } from "./spool-board.js";
import { StreamPool } from "./stream-pool.js";
import { createWatchedJob, unknownJob } from "./watched-job.js";

/** The streams of one client: one for each kind and input, however many watch it. */
export interface JobwireStreams extends ReturnType<typeof createJobwireStreams> {}

const streamsByClient = new WeakMap<JobwireTrpc, JobwireStreams>();

/** Hooks, queries and collections of one client share its streams. */
export function streamsOf(trpc: JobwireTrpc): JobwireStreams {
  const known = streamsByClient.get(trpc);
  if (known) return known;
  const created = createJobwireStreams(trpc);
  streamsByClient.set(trpc, created);
  return created;
}

function createJobwireStreams({ jobs, sessions, spools, tasks }: JobwireTrpc) {
  const status = createConnectionStatus({
    connections: () => pools.flatMap((pool) => pool.connections),
    retry: () => {
      for (const pool of pools) pool.reopenFailed();
    },
  });
  const told = { onConnection: status.update, onOpened: status.begin };

  const job = new StreamPool({
    ...told,
    initial: unknownJob,
    isKnown: (watched) => watched.job !== null,
    sourceOf: (jobId: string) =>
      createWatchedJob(jobId, {
        subscribe: (observer) => jobs.events.subscribe({ jobId }, observer),
        load: (signal) => jobs.get.query({ jobId }, { signal }),
      }),
  });

  const feed = new StreamPool<string, JobFeed, JobFeedItem>({
    ...told,
    initial: emptyJobFeed,
    isKnown: (known) => known.jobs !== null,
    sourceOf: (filter) => createJobFeed(feedCallsOf({ jobs }, filterOfName(filter))),
  });

  const board = new StreamPool<null, SpoolBoard, SpoolItem>({
    ...told,
    initial: unknownBoard,
    isKnown: ({ spools: known }) => known !== null,
    sourceOf: () =>
      createSpoolBoard({
        subscribe: (observer) => spools.updates.subscribe({}, observer),
        load: (signal) => spools.list.query({}, { signal }),
      }),
  });

  const session = new StreamPool({
    ...told,
    initial: emptySession,
    isKnown: (known) => known.tasks !== null,
    sourceOf: (requestId: string) =>
      createSession({
        subscribe: (observer) => sessions.events.subscribe({ requestId }, observer),
        load: async (signal) => (await tasks.list.query({ limit: shownTasks }, { signal })).items,
      }),
  });

  const pools = [job, feed, board, session];
  return { job, feed, board, session, status };
}

/** How many background tasks a session begins with. */
const shownTasks = 50;
