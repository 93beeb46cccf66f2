import type { JobFeedFilter } from "@jobwire/client/react";
import { jobFilters, statusesOf, type JobFilter } from "./job-filter.js";

/** What is asked of the list, as it stands in the address: a link to it shows the same. */
export interface JobQuery {
  readonly show: JobFilter;
  readonly search: string;
  readonly pipeline: string;
  readonly project: string;
  /** For services: whose jobs; empty: everybody's. */
  readonly owner: string;
  readonly period: JobPeriod | "";
}

export const jobPeriods = { hour: "Last hour", day: "Last 24 hours", week: "Last 7 days" } as const;

export type JobPeriod = keyof typeof jobPeriods;

export const emptyQuery: JobQuery = {
  show: "all",
  search: "",
  pipeline: "",
  project: "",
  owner: "",
  period: "",
};

export function readQuery(address: string): JobQuery {
  const params = new URLSearchParams(address);
  const text = (name: string) => params.get(name) ?? "";
  const period = text("period");
  return {
    show: jobFilters.find((filter) => filter === text("show")) ?? "all",
    search: text("search"),
    pipeline: text("pipeline"),
    project: text("project"),
    owner: text("owner"),
    period: isPeriod(period) ? period : "",
  };
}

export function addressOf(query: JobQuery): string {
  const usual = new Map(Object.entries(emptyQuery));
  const said = Object.entries(query).filter(([name, value]) => value !== usual.get(name));
  return said.length === 0 ? "/" : `/?${new URLSearchParams(Object.fromEntries(said))}`;
}

/** Nothing is asked but how the jobs are. */
export function isPlain(query: JobQuery): boolean {
  return addressOf({ ...query, show: "all" }) === "/";
}

/** What the jobs have in common that are counted, and those of them that are shown. */
export function filtersOf(
  { show, search, pipeline, project, owner, period }: JobQuery,
  { isService, now }: { readonly isService: boolean; readonly now: Date },
): { readonly counted: JobFeedFilter; readonly shown: JobFeedFilter } {
  const counted: JobFeedFilter = {
    ...(search.trim() !== "" && { search: search.trim() }),
    ...(pipeline !== "" && { pipeline }),
    ...(project !== "" && { project }),
    ...(period !== "" && { since: new Date(now.getTime() - periodMs[period]) }),
    ...(isService && (owner === "" ? { all: true } : { ownerId: owner })),
  };
  if (show === "all") return { counted, shown: counted };
  const shown = show === "attention" ? { attention: true as const } : { status: [...statusesOf(show)] };
  return { counted, shown: { ...counted, ...shown } };
}

const hourMs = 3_600_000;
const periodMs: Readonly<Record<JobPeriod, number>> = { hour: hourMs, day: 24 * hourMs, week: 168 * hourMs };

export function isPeriod(text: string): text is JobPeriod {
  return text in jobPeriods;
}
