import { createJobRouter } from "./jobs/job-router.js";
import type { JobService } from "./jobs/job-service.js";
import type { JobStreams } from "./jobs/job-streams.js";
import { createWorkRouter } from "./jobs/work-router.js";
import type { WorkService } from "./jobs/work-service.js";
import { router } from "./trpc.js";

export interface Services {
  readonly jobs: JobService;
  readonly work: WorkService;
  readonly streams: JobStreams;
}

export function createAppRouter({ jobs, work, streams }: Services) {
  return router({
    jobs: createJobRouter(jobs, streams),
    work: createWorkRouter(work, streams),
  });
}

/** The whole API as a type: clients infer every input, output and event from it. */
export type AppRouter = ReturnType<typeof createAppRouter>;
