import {
  jobStatuses,
  type CountJobsInput,
  type Job,
  type JobStatus,
  type ListJobsInput,
} from "@jobwire/shared";
import { AppError } from "../app-error.js";
import type { Caller } from "../principal.js";
import type { SelectionOptions } from "../topics/index.js";

type JobKey = { readonly jobId: string };

const everybody = "all";

/** Whose jobs: one owner's or everybody's; in each status; of one pipeline or of all. */
export function indexesOf({ ownerId, status, pipeline }: Job): string[] {
  return [ownerOf(ownerId), everybody].flatMap((whose) => [
    indexOf(whose, status),
    ...(pipeline === null ? [] : [indexOf(whose, status, pipeline)]),
  ]);
}

/** The jobs that wait for a worker of this pipeline. */
export function queueOf(pipeline: string): string {
  return indexOf(everybody, "queued", pipeline);
}

/** The jobs that wait, of this caller or, for a service, of everybody. */
export function waitingIndexOf({ role, userId }: Caller): string {
  return indexOf(role === "service" ? everybody : ownerOf(userId), "queued");
}

/** The indexes of an owner's jobs, by status. */
export function ownedIndex(ownerId: string, status: JobStatus): string {
  return indexOf(ownerOf(ownerId), status);
}

/** The indexes of everybody's jobs: each job is in one of them. */
export const indexesOfAll: readonly string[] = jobStatuses.map((status) => indexOf(everybody, status));

/** What `selectionOf` finds a job by, beside its id: its title in lower case, its project in capitals, which no search has. */
export function searchTextOf({ title, project }: Job): string {
  return `${title?.toLowerCase() ?? ""}${project === null ? "" : projectText(project)}`;
}

/**
 * @param unoffered The pipelines that no worker offers, when only jobs that wait for somebody are asked for.
 * @throws AppError `ROLE_REQUIRED` when a user asks for the jobs of others.
 */
export function selectionOf(
  caller: Caller,
  filter: CountJobsInput & Pick<ListJobsInput, "status">,
  unoffered: readonly string[] = [],
): SelectionOptions<JobKey> {
  const { status, pipeline, project, search, since, until, attention } = filter;
  const whose = whoseJobs(caller, filter);
  const texts = [
    ...(search === undefined ? [] : [search.toLowerCase()]),
    ...(project === undefined ? [] : [projectText(project)]),
  ];
  return {
    index: (status ?? jobStatuses).flatMap((one) =>
      attention && one !== "failed"
        ? unattended(one, unoffered, pipeline).map((name) => indexOf(whose, one, name))
        : indexOf(whose, one, pipeline),
    ),
    ...(since && { from: { jobId: firstIdAt(since) } }),
    ...(until && { to: { jobId: firstIdAt(until) } }),
    ...(texts.length > 0 && { search: texts, searchKeys: search !== undefined && isPartOfId(search) }),
  };
}

/** No job has the pipeline "": a list of it is empty. */
function unattended(status: JobStatus, unoffered: readonly string[], pipeline?: string): readonly string[] {
  const names = status === "queued" ? unoffered : [];
  const wanted = names.filter((name) => pipeline === undefined || name === pipeline);
  return wanted.length === 0 ? [""] : wanted;
}

/** The text of a key is more than the id: what no id has is not looked for there. */
function isPartOfId(search: string): boolean {
  return /^[\da-f-]+$/i.test(search);
}

/** The ids of jobs begin with the time of their creation. */
function firstIdAt(time: Date): string {
  const ms = Math.max(0, time.getTime()).toString(16).padStart(12, "0");
  return `${ms.slice(0, 8)}-${ms.slice(8, 12)}-`;
}

type Whose = Pick<CountJobsInput, "ownerId" | "all">;

/** @throws AppError `ROLE_REQUIRED` when a user asks for the jobs of others. */
export function requireOwnJobs({ role }: Caller, { ownerId, all }: Whose): void {
  if (role === "service" || (ownerId === undefined && all === undefined)) return;
  throw new AppError(
    "ROLE_REQUIRED",
    `${all ? "all" : "ownerId"} needs a token with the role "service"; leave it out to list your own jobs.`,
  );
}

function whoseJobs(caller: Caller, { ownerId, all }: Whose): string {
  requireOwnJobs(caller, { ownerId, all });
  return all ? everybody : ownerOf(ownerId ?? caller.userId);
}

function indexOf(whose: string, status: JobStatus, pipeline?: string): string {
  return pipeline === undefined ? `${whose}/${status}` : `${whose}/${status}/${pipeline}`;
}

function ownerOf(ownerId: string): string {
  return `owner/${encodeURIComponent(ownerId.toWellFormed())}`;
}

/** In the letters A to P: one for each half of a byte. */
function projectText(project: string): string {
  const bytes = Buffer.from(`${project}\n`);
  return [...bytes]
    .flatMap((byte) => [byte >> 4, byte & 15])
    .reduce((text, half) => text + String.fromCharCode(65 + half), "\n");
}
