import { jobStatuses, type ListJobsInput } from "@jobwire/shared";
import superjson from "superjson";
import type { JobwireTrpc } from "../create-client.js";
import type { JobFeedCalls, JobFeedSelection } from "./job-feed-reader.js";

/** Which jobs a feed shows: all that `jobs.list` takes but for the page. */
export type JobFeedFilter = Omit<ListJobsInput, "limit" | "cursor">;

/** The same text for filters that mean the same: streams are named by it. */
export function nameOfFilter(filter: JobFeedFilter = {}): string {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined);
  return superjson.stringify(Object.fromEntries(given.toSorted(([one], [other]) => (one < other ? -1 : 1))));
}

/** The filter that leaves nothing out. */
export const everyJob = nameOfFilter();

export function filterOfName(name: string): JobFeedFilter {
  return superjson.parse(name);
}

export function feedCallsOf(
  { jobs }: Pick<JobwireTrpc, "jobs">,
  { status, ...filter }: JobFeedFilter,
): JobFeedCalls {
  const { ownerId, all } = filter;
  const whose = { ...(ownerId !== undefined && { ownerId }), ...(all && { all }) };
  const selection = selectionOf({ status, ...filter });
  // Of few jobs the pages say what is, and events only what changes from then on.
  const beginning = { ...whose, ...(selection && { replay: "none" as const }) };
  return {
    subscribe: (observer) => jobs.feed.subscribe({ types: [...feedTypes], ...beginning }, observer),
    list: ({ limit, cursor, isAnyStatus }, signal) =>
      jobs.list.query({ ...filter, ...(status && !isAnyStatus && { status }), limit, cursor }, { signal }),
    selection,
  };
}

/** Pictures and documents are for the page of one job. */
const feedTypes = ["build.stage.started", "build.progress"] as const;

function selectionOf({
  status,
  attention,
  ownerId,
  all,
  ...filter
}: JobFeedFilter): JobFeedSelection | undefined {
  const isAll = !status && !attention && Object.values(filter).every((value) => value === undefined);
  if (isAll) return undefined;
  return { status: status ?? (attention ? ["failed", "queued"] : jobStatuses), isFixed: !attention };
}
