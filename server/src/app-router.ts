import { createJobRouter } from "./jobs/job-router.js";
import type { JobService } from "./jobs/job-service.js";
import type { JobStreams } from "./jobs/job-streams.js";
import { createWorkRouter } from "./jobs/work-router.js";
import type { WorkService } from "./jobs/work-service.js";
import { createSessionRouter, type SessionServices } from "./sessions/session-router.js";
import { createSpoolRouter } from "./spools/spool-router.js";
import type { SpoolService } from "./spools/spool-service.js";
import type { SpoolStreams } from "./spools/spool-streams.js";
import { createTaskRouter } from "./tasks/task-router.js";
import type { TaskService } from "./tasks/task-service.js";
import { createVersionRouter } from "./versions/version-router.js";
import type { VersionService } from "./versions/version-service.js";
import { router } from "./trpc.js";

export interface Services {
  readonly jobs: JobService;
  readonly work: WorkService;
  readonly streams: JobStreams;
  readonly spools: SpoolService;
  readonly spoolStreams: SpoolStreams;
  readonly sessions: SessionServices;
  readonly versions: VersionService;
  readonly tasks: TaskService;
}

export function createAppRouter(services: Services) {
  const { jobs, work, streams, spools, spoolStreams, sessions, versions, tasks } = services;
  return router({
    jobs: createJobRouter(jobs, streams),
    work: createWorkRouter(work, streams),
    spools: createSpoolRouter(spools, spoolStreams),
    sessions: createSessionRouter(sessions),
    versions: createVersionRouter(versions),
    tasks: createTaskRouter(tasks),
  });
}

/** The whole API as a type: clients infer every input, output and event from it. */
export type AppRouter = ReturnType<typeof createAppRouter>;
