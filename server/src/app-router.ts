import { createJobRouter } from "./jobs/job-router.js";
import { createPipelineRouter, createWorkerRouter, createWorkRouter } from "./jobs/work-router.js";
import type { Services } from "./open-services.js";
import { createSessionRouter } from "./sessions/session-router.js";
import { createSpoolRouter } from "./spools/spool-router.js";
import { createTaskRouter } from "./tasks/task-router.js";
import { router } from "./trpc.js";
import { createVersionRouter } from "./versions/version-router.js";

export function createAppRouter(services: Services) {
  const { jobs, jobOutputs, work, spools, sessions, sessionStreams, versions, tasks } = services;
  return router({
    jobs: createJobRouter(jobs, jobOutputs),
    work: createWorkRouter(work),
    workers: createWorkerRouter(work),
    pipelines: createPipelineRouter(work),
    spools: createSpoolRouter(spools),
    sessions: createSessionRouter(sessions.registry, sessionStreams),
    versions: createVersionRouter(versions),
    tasks: createTaskRouter(tasks),
  });
}

/** The whole API as a type: clients infer every input, output and event from it. */
export type AppRouter = ReturnType<typeof createAppRouter>;
