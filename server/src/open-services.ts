import type { Logger } from "pino";
import { startBackgroundLoop } from "./background-loop.js";
import type { Config } from "./config.js";
import type { DamagedRecords } from "./damaged-records.js";
import { JobRepair } from "./jobs/job-repair.js";
import { JobService } from "./jobs/job-service.js";
import { JobStore } from "./jobs/job-store.js";
import { JobStreams } from "./jobs/job-streams.js";
import { WorkQueue } from "./jobs/work-queue.js";
import { WorkService } from "./jobs/work-service.js";
import { openSessions, type Sessions } from "./sessions/open-sessions.js";
import type { SessionObserver } from "./sessions/session-observers.js";
import { SessionStreams } from "./sessions/session-streams.js";
import { SpoolService } from "./spools/spool-service.js";
import { SpoolStore } from "./spools/spool-store.js";
import { SpoolStreams } from "./spools/spool-streams.js";
import type { Store } from "./store/store.js";
import type { TopicHubs } from "./streams/topic-hubs.js";
import { openTasks } from "./tasks/open-tasks.js";
import type { JobExports } from "./tasks/job-export.js";
import type { TaskService } from "./tasks/task-service.js";
import { createCurrentVersion } from "./versions/current-version.js";
import { VersionService } from "./versions/version-service.js";

/** All domains of a server. What they do by themselves ends when they are disposed, before the store is. */
export interface Services extends AsyncDisposable {
  readonly jobs: JobService;
  readonly jobStreams: JobStreams;
  readonly work: WorkService;
  readonly spools: SpoolService;
  readonly spoolStreams: SpoolStreams;
  readonly sessions: Sessions;
  readonly sessionStreams: SessionStreams;
  readonly versions: VersionService;
  readonly tasks: TaskService;
  readonly jobExports: JobExports;
}

export interface ServicesOptions {
  readonly config: Pick<Config, "historyTtlMs" | "sessionsMaxPerUser" | "tasks" | "versionUrl">;
  readonly store: Store;
  readonly hubs: TopicHubs;
  readonly sessionObservers: readonly SessionObserver[];
  readonly log: Logger;
  readonly damaged: DamagedRecords;
  /** Hears of background work that failed and is tried again. */
  readonly onError: (error: unknown) => void;
}

const sweepIntervalMs = 2000;
/** How many tasks the snapshot of a session's gap holds. */
const snapshotTasks = 20;

export function openServices(options: ServicesOptions): Services {
  const { config, store, hubs, sessionObservers, log, damaged, onError } = options;
  const jobStore = new JobStore({ store, retainFinishedMs: config.historyTtlMs, damaged, onError });
  const queue = new WorkQueue(store, onError);
  const jobs = new JobService(jobStore, queue);
  const repair = new JobRepair({ store, jobs: jobStore, queue, damaged });
  const work = new WorkService(jobStore, jobs, queue, repair);

  const spools = new SpoolService(new SpoolStore(store, damaged), (error, tagSpool) =>
    log.error({ err: error, tagSpool }, "a spool event was not published"),
  );

  const sessions = openSessions({
    store,
    retainMs: config.historyTtlMs,
    maxPerUser: config.sessionsMaxPerUser,
    observers: sessionObservers,
    log,
    onError,
  });
  const { broadcasts } = sessions;
  const versions = new VersionService({
    store,
    sessions: sessions.store,
    broadcasts,
    current: createCurrentVersion({ url: config.versionUrl, onError }),
  });
  const { service: tasks, jobExports } = openTasks({
    store,
    broadcasts,
    jobs,
    jobStore,
    damaged,
    limits: config.tasks,
    retainEndedMs: config.historyTtlMs,
    onError: (error, taskId) => log.error({ err: error, taskId }, "a task went wrong"),
  });
  const sessionStreams = new SessionStreams({
    hubs,
    connections: sessions.connections,
    versionFor: (requestId) => versions.versionFor(requestId),
    listTasks: (userId) => tasks.list({ role: "user", userId }, { limit: snapshotTasks }),
    onError,
  });

  const sweepers = [work, tasks].map((service) =>
    startBackgroundLoop((signal) => service.sweep(signal), { intervalMs: sweepIntervalMs, onError }),
  );
  return {
    jobs,
    jobStreams: new JobStreams(hubs, jobs),
    work,
    spools,
    spoolStreams: new SpoolStreams(hubs, spools),
    sessions,
    sessionStreams,
    versions,
    tasks,
    jobExports,
    async [Symbol.asyncDispose]() {
      for (const sweeper of sweepers) await sweeper[Symbol.asyncDispose]();
      await sessions[Symbol.asyncDispose]();
    },
  };
}
