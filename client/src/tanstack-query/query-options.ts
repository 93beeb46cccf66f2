import type { Job } from "@jobwire/shared";
import { isTerminalJobStatus } from "@jobwire/shared";
import { queryOptions } from "@tanstack/react-query";
import type { JobwireClient } from "../create-client.js";
import { applyJob, emptyJobView, type JobView } from "../job-view.js";
import { everyJob } from "../live/job-feed-filter.js";
import { pageSize } from "../live/job-feed-reader.js";
import { streamsOf } from "../live/jobwire-streams.js";
import type { StreamError } from "../live/stream-connection.js";
import { followQuery, isFollowed } from "./follow-query.js";

type Client = Pick<JobwireClient, "trpc">;

/**
 * One job: `useQuery(jobQueryOptions(client, jobId))`. Its stream writes to the query's data as long as a component uses it,
 * so it is never fetched again meanwhile; a finished job that is in the cache is not asked for at all. On a server it is
 * loaded, for `prefetchQuery`.
 */
export function jobQueryOptions({ trpc }: Client, jobId: string) {
  return queryOptions<JobView, StreamError, JobView, readonly ["jobwire", "job", string]>({
    queryKey: ["jobwire", "job", jobId],
    queryFn: (context) =>
      followQuery(context, {
        pool: streamsOf(trpc).job,
        input: jobId,
        dataOf: ({ job }) => job,
        load: async (signal) => viewOf(await trpc.jobs.get.query({ jobId }, { signal })),
      }),
    staleTime: (query) => (isFollowed(query) || isFinished(query.state.data) ? Number.POSITIVE_INFINITY : 0),
    // A stream tries again by itself; what it gives up at stays so.
    retry: false,
  });
}

/** The user's jobs, the newest first: the newest hundred and every one that is created meanwhile, likewise. */
export function jobFeedQueryOptions({ trpc }: Client) {
  return queryOptions<readonly JobView[], StreamError, readonly JobView[], readonly ["jobwire", "jobs"]>({
    queryKey: ["jobwire", "jobs"],
    queryFn: (context) =>
      followQuery(context, {
        pool: streamsOf(trpc).feed,
        input: everyJob,
        dataOf: ({ jobs }) => jobs,
        load: async (signal) =>
          (await trpc.jobs.list.query({ limit: pageSize }, { signal })).items.map(viewOf),
      }),
    staleTime: (query) => (isFollowed(query) ? Number.POSITIVE_INFINITY : 0),
    retry: false,
  });
}

function viewOf(job: Job): JobView {
  return applyJob(emptyJobView(job.id), job);
}

function isFinished(view: JobView | undefined): boolean {
  return view !== undefined && view.status !== null && isTerminalJobStatus(view.status);
}
