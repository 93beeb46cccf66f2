import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { pino, type Logger } from "pino";
import { Registry } from "prom-client";
import { createAppRouter } from "./app-router.js";
import { startBackgroundLoop } from "./background-loop.js";
import type { Config } from "./config.js";
import { createApp } from "./http/app.js";
import { createJwksTokens } from "./http/jwks-tokens.js";
import { addRedisMetrics } from "./http/redis-metrics.js";
import { createSecretTokens } from "./http/secret-tokens.js";
import type { TokenSigner, TokenVerifier } from "./http/tokens.js";
import { JobService } from "./jobs/job-service.js";
import { JobStore } from "./jobs/job-store.js";
import { JobStreams } from "./jobs/job-streams.js";
import { WorkQueue } from "./jobs/work-queue.js";
import { WorkService } from "./jobs/work-service.js";
import { openSessions } from "./sessions/open-sessions.js";
import type { SessionObserver } from "./sessions/session-observers.js";
import { SessionStreams } from "./sessions/session-streams.js";
import { SpoolService } from "./spools/spool-service.js";
import { SpoolStore } from "./spools/spool-store.js";
import { SpoolStreams } from "./spools/spool-streams.js";
import { openMemoryStore } from "./store/memory-store.js";
import { openRedisStore } from "./store/redis-store.js";
import type { Store } from "./store/store.js";
import { openTasks } from "./tasks/open-tasks.js";
import { TopicHubs } from "./streams/topic-hubs.js";
import { createCurrentVersion } from "./versions/current-version.js";
import { VersionService } from "./versions/version-service.js";

export interface RunningServer extends AsyncDisposable {
  /** Where it listens, with the real port. */
  readonly url: string;
  /** Makes tokens for programs that belong to this server; `null` when the keys are elsewhere (JWKS). */
  readonly signer: TokenSigner | null;
  /** No secret was configured: one was drawn, and development tokens are handed out. */
  readonly handsOutTokens: boolean;
  /**
   * Nothing new begins: readiness is 503, new streams and new tasks are refused. Sends the open streams away, over
   * `DRAIN_MS`, and waits for running tasks, at most `TASK_DRAIN_MS`. Calls are still answered.
   */
  drain(): Promise<void>;
}

export interface ServerOptions {
  /** Default: to stdout, from `LOG_LEVEL` up. */
  readonly log?: Logger;
  /** Where the server adds its metrics; those of the process are for the process to add. */
  readonly registry?: Registry;
  /** Are told of the connections of sessions, in this order. */
  readonly sessionObservers?: readonly SessionObserver[];
}

const sweepIntervalMs = 2000;
/** How many tasks the snapshot of a session's gap holds. */
const snapshotTasks = 20;
/** Connections that wait to be accepted: with Node's default of 511 thousands that come back at once are reset. */
const backlog = 4096;

/**
 * Opens the store, builds the services on it and listens. What is opened last is closed first.
 */
export async function startServer(
  config: Config,
  {
    log = pino({ level: config.logLevel }),
    registry = new Registry(),
    sessionObservers = [],
  }: ServerOptions = {},
): Promise<RunningServer> {
  const store = await openStore(config, log, registry);
  // An outage of the store is logged when it begins and when it ends.
  const onError = (error: unknown) =>
    log[store.isReachable ? "warn" : "debug"]({ err: error }, "background work failed; it is tried again");
  const hubs = new TopicHubs(store, onError);
  const jobStore = new JobStore({ store, retainFinishedMs: config.historyTtlMs, onError });
  const queue = new WorkQueue(store, onError);
  const jobs = new JobService(jobStore, queue);
  const work = new WorkService(jobStore, jobs, queue);
  const streams = new JobStreams(hubs, jobs);
  const spools = new SpoolService(new SpoolStore(store), (error, tagSpool) =>
    log.error({ err: error, tagSpool }, "a spool event was not published"),
  );
  const spoolStreams = new SpoolStreams(hubs, spools);
  const sessions = openSessions({
    store,
    retainMs: config.historyTtlMs,
    observers: sessionObservers,
    log,
    onError,
  });
  const { directory, broadcasts, connections } = sessions;
  const versions = new VersionService({
    store,
    sessions: sessions.store,
    broadcasts,
    current: createCurrentVersion({ url: config.versionUrl, onError }),
  });
  const tasks = openTasks({
    store,
    broadcasts,
    jobs,
    jobStore,
    limits: config.tasks,
    retainEndedMs: config.historyTtlMs,
    onError: (error, taskId) => log.error({ err: error, taskId }, "a task went wrong"),
  });
  const sessionStreams = new SessionStreams({
    hubs,
    connections,
    versionFor: (requestId) => versions.versionFor(requestId),
    listTasks: (userId) => tasks.service.list({ role: "user", userId }, { limit: snapshotTasks }),
    onError,
  });
  const { verifier, signer, handsOutTokens } = createTokens(config);
  let draining: Promise<void> | undefined;
  const {
    server,
    sse,
    close: closeHttp,
  } = await createApp({
    config,
    router: createAppRouter({
      jobs,
      work,
      streams,
      spools,
      spoolStreams,
      sessions: { streams: sessionStreams, broadcasts, directory },
      versions,
      tasks: tasks.service,
    }),
    streams,
    spoolStreams,
    sessionStreams,
    versions,
    tasks,
    tokens: verifier,
    devSigner: handsOutTokens ? signer : null,
    log,
    registry,
    ping: () => store.ping(),
    isStopping: () => draining !== undefined,
  });
  const sweepers = [work, tasks.service].map((service) =>
    startBackgroundLoop((signal) => service.sweep(signal), { intervalMs: sweepIntervalMs, onError }),
  );
  const drain = () =>
    (draining ??= Promise.all([
      sse.drain({ overMs: config.drainMs }),
      tasks.service.drain({ withinMs: config.tasks.drainMs }),
    ]).then(() => {}));
  const close = async () => {
    await drain();
    for (const sweeper of sweepers) await sweeper[Symbol.asyncDispose]();
    await closeHttp();
    await sessions[Symbol.asyncDispose]();
    await hubs[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  };
  try {
    await server.listen({ host: config.host, port: config.port, backlog });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url: urlOf(server.server.address(), config.host),
    signer,
    handsOutTokens,
    drain,
    [Symbol.asyncDispose]: close,
  };
}

function openStore(config: Config, log: Logger, registry: Registry): Promise<Store> {
  const retention = { maxEvents: config.historyMaxEvents };
  if (config.redisUrl === undefined) return Promise.resolve(openMemoryStore(retention));
  const observe = addRedisMetrics(registry);
  return openRedisStore({
    ...retention,
    url: config.redisUrl,
    onReachable: (reachable, error) => {
      observe(reachable);
      if (reachable) log.info("Redis is reachable");
      else log.error({ err: error }, "Redis is not reachable; streams wait, calls are refused");
    },
  });
}

interface Tokens {
  readonly verifier: TokenVerifier;
  readonly signer: TokenSigner | null;
  readonly handsOutTokens: boolean;
}

function createTokens({ jwtSecret, jwksUrl }: Config): Tokens {
  if (jwksUrl !== undefined)
    return { verifier: createJwksTokens(jwksUrl), signer: null, handsOutTokens: false };
  const tokens = createSecretTokens(jwtSecret ?? randomBytes(32).toString("hex"));
  return { verifier: tokens, signer: tokens, handsOutTokens: jwtSecret === undefined };
}

function urlOf(address: AddressInfo | string | null, host: string): string {
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
