import type { Logger } from "pino";
import type { Config } from "./config.js";
import type { JobOutputs } from "./jobs/job-outputs.js";
import type { JobService } from "./jobs/job-service.js";
import { openJobs } from "./jobs/open-jobs.js";
import type { WorkService } from "./jobs/work-service.js";
import { openSessions, type Sessions } from "./sessions/open-sessions.js";
import type { SessionObserver } from "./sessions/session-observers.js";
import { SessionStreams } from "./sessions/session-streams.js";
import { SpoolService } from "./spools/spool-service.js";
import { openSpoolTopic } from "./spools/spool-topic.js";
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
  readonly sessionObservers: readonly SessionObserver[];
  readonly log: Logger;
  /** Hears of background work that failed and is tried again. */
  readonly onError: (error: unknown) => void;
}

/** How many tasks the snapshot of a session's gap holds. */
const snapshotTasks = 20;

export function openServices(options: ServicesOptions): Services {
  const { config, jobwire, sessionObservers, log, onError } = options;
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
    jobwire,
    retainMs: config.historyTtlMs,
    maxPerUser: config.sessionsMaxPerUser,
    observers: sessionObservers,
    log,
    onError,
  });
  const { topic, registry, connections } = sessions;
  const versions = new VersionService({
    sessions: registry,
    current: createCurrentVersion({ url: config.versionUrl, onError }),
  });
  const {
    topic: taskTopic,
    service: tasks,
    jobExports,
  } = openTasks({
    jobwire,
    jobs,
    jobTopic,
    limits: config.tasks,
    retainEndedMs: config.historyTtlMs,
    onError: (error, taskId) => log.error({ err: error, taskId }, "a task went wrong"),
  });
  const sessionStreams = new SessionStreams({
    jobwire,
    topic,
    taskTopic,
    registry,
    connections,
    versionFor: (requestId) => versions.versionFor(requestId),
    listTasks: (userId) => tasks.listHeardOf(userId, snapshotTasks),
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
    [Symbol.asyncDispose]: () => sessions[Symbol.asyncDispose](),
  };
}
