"use client";

import { createContext, use, useMemo, type ReactNode } from "react";
import type { Job, JobPage } from "@jobwire/shared";

/** What was loaded on the server, for the hooks below. */
export interface PreloadedJobsProps {
  /** What `jobs.get` has answered. */
  readonly jobs?: readonly Job[];
  /** What `jobs.list` has answered: the first page. */
  readonly page?: JobPage;
  readonly children?: ReactNode;
}

interface Preloaded {
  readonly jobs: ReadonlyMap<string, Job>;
  readonly page: JobPage | null;
}

/** What the server knew when it rendered: the hooks below begin with it, so that the first paint is whole. */
export function PreloadedJobs({ jobs, page, children }: PreloadedJobsProps) {
  const above = use(PreloadedContext);
  const preloaded = useMemo(
    () => ({
      jobs: new Map([...above.jobs, ...(jobs ?? []).map((job) => [job.id, job] as const)]),
      page: page ?? above.page,
    }),
    [above, jobs, page],
  );
  return <PreloadedContext value={preloaded}>{children}</PreloadedContext>;
}

export function usePreloaded(): Preloaded {
  return use(PreloadedContext);
}

const PreloadedContext = createContext<Preloaded>({ jobs: new Map(), page: null });
