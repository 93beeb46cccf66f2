import type { Logger } from "pino";
import { startBackgroundLoop } from "./background-loop.js";
import type { Config } from "./config.js";
import type { DamagedRecords } from "./damaged-records.js";
import type { JobOutputs } from "./jobs/job-outputs.js";
import type { JobService } from "./jobs/job-service.js";
import { openJobs } from "./jobs/open-jobs.js";
import type { WorkService } from "./jobs/work-service.js";
import { openSessions, type Sessions } from "./sessions/open-sessions.js";
import type { SessionObserver } from "./sessions/session-observers.js";
import { SessionStreams } from "./sessions/session-streams.js";
import { SpoolService } from "./spools/spool-service.js";
import { openSpoolTopic } from "./spools/spool-topic.js";
import type { Store } from "./store/store.js";
import type { TopicHubs } from "./streams/topic-hubs.js";
import { openTasks } from "./tasks/open-tasks.js";
import type { JobExports } from "./tasks/job-export.js";
import type { TaskService } from "./tasks/task-service.js";
import type { Jobwire } from "./topics/index.js";
import { createCurrentVersion } from "./versions/current-version.js";
import { VersionService } from "./versions/version-service.js";

/** All domains of a server. What they do by themselves ends when they are disposed, before the store is. */
export interface Services extends AsyncDisposable {
  readonly jobs: JobService;
  readonly jobOutputs: JobOutputs;
  readonly work: WorkService;
  readonly spools: SpoolService;
  readonly sessions: Sessions;
  readonly sessionStreams: SessionStreams;
  readonly versions: VersionService;
  readonly tasks: TaskService;
  readonly jobExports: JobExports;
}

export interface ServicesOptions {
  readonly config: Pick<
    Config,
    "historyTtlMs" | "jobsMaxOpenPerUser" | "outputMaxBytes" | "sessionsMaxPerUser" | "tasks" | "versionUrl"
  >;
  readonly jobwire: Jobwire;
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
  const { config, jobwire, store, hubs, sessionObservers, log, damaged, onError } = options;
  const {
    topic: jobTopic,
    service: jobs,
    outputs: jobOutputs,
    work,
  } = openJobs({
    jobwire,
    retainFinishedMs: config.historyTtlMs,
    maxOpenPerUser: config.jobsMaxOpenPerUser,
    maxOutputBytes: config.outputMaxBytes,
  });

  const spools = new SpoolService(openSpoolTopic(jobwire), (error, tagSpool) =>
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
    jobTopic,
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

  const sweeper = startBackgroundLoop((signal) => tasks.sweep(signal), {
    intervalMs: sweepIntervalMs,
    onError,
  });
  return {
    jobs,
    jobOutputs,
    work,
    spools,
    sessions,
    sessionStreams,
    versions,
    tasks,
    jobExports,
    async [Symbol.asyncDispose]() {
      await sweeper[Symbol.asyncDispose]();
      await sessions[Symbol.asyncDispose]();
    },
  };
}
