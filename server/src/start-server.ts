import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import type { Logger } from "pino";
import { Registry } from "prom-client";
import type { Config } from "./config.js";
import { createLog } from "./create-log.js";
import { createApp } from "./http/app.js";
import { watchDamagedRecords } from "./http/metrics/damaged-records-metric.js";
import { addClockMetric } from "./http/metrics/clock-metric.js";
import { createTokens } from "./http/auth/create-tokens.js";
import { DevelopmentCode } from "./http/auth/development-code.js";
import type { TokenSigner } from "./http/auth/tokens.js";
import { openGateway } from "./gateway/open-gateway.js";
import type { Member } from "./processes/member.js";
import { openServices } from "./open-services.js";
import { openStore } from "./open-store.js";
import type { SessionObserver } from "./sessions/session-observers.js";
import type { Telemetry } from "./store/telemetry.js";
import { TracedStore } from "./store/traced-store.js";
import { Jobwire } from "./topics/index.js";

/** A server that listens. Disposing it ends its streams, closes its connections and its store. */
export interface RunningServer extends AsyncDisposable {
  /** Where it listens, with the real port. */
  readonly url: string;
  /** Makes tokens for programs that belong to this server; `null` when the keys are elsewhere (JWKS). */
  readonly signer: TokenSigner | null;
  /** No secret was configured: one was drawn, and development tokens are handed out to who knows the code. */
  readonly handsOutTokens: boolean;
  /** For whoever started the server: it opens what is for development. `null` in production. */
  readonly developmentCode: string | null;
  /**
   * Nothing new begins: readiness is 503, new streams and new tasks are refused. Sends the open streams away, over
   * `DRAIN_MS`, and waits for running tasks, at most `TASK_DRAIN_MS`. Calls are still answered.
   */
  drain(): Promise<void>;
}

/** What a server is given beside its configuration. All of it may be left out. */
export interface ServerOptions {
  /** Default: to stdout, from `LOG_LEVEL` up. */
  readonly log?: Logger;
  /** Where the server adds its metrics; those of the process are for the process to add. */
  readonly registry?: Registry;
  /** Are told of the connections of sessions, in this order. */
  readonly sessionObservers?: readonly SessionObserver[];
  /** What several processes of one port have in common; absent for a process that is alone. */
  readonly others?: Pick<Member, "areAllReady" | "metrics" | "sharedSecret"> | undefined;
  /** Traces what is published, committed and delivered: `openTelemetry()` of `@jobwire/server/otel`. */
  readonly telemetry?: Telemetry | undefined;
  /** A folder with the built dashboard, to be served at `/`. */
  readonly dashboard?: string | undefined;
}

/** Connections that wait to be accepted: with Node's default of 511 thousands that come back at once are reset. */
const backlog = 4096;

/** Opens the store, builds the services on it and listens. What is opened last is closed first. */
export async function startServer(
  config: Config,
  {
    log = createLog(config.logLevel),
    registry = new Registry(),
    sessionObservers = [],
    dashboard,
    others,
    telemetry: given,
  }: ServerOptions = {},
): Promise<RunningServer> {
  const telemetry = given ?? (config.isTracing ? await loadTelemetry() : undefined);
  const opened = await openStore({ config, log, registry });
  const store = telemetry ? new TracedStore(opened, telemetry) : opened;
  // An outage of the store is logged when it begins and when it ends.
  const onError = (error: unknown) =>
    log[store.isReachable ? "warn" : "debug"]({ err: error }, "background work failed; it is tried again");
  addClockMetric(registry, store.clock);
  const damaged = watchDamagedRecords(log, registry);
  const jobwire = new Jobwire(store, {
    retainMs: config.historyTtlMs,
    coalesceMs: config.coalesceMs,
    telemetry,
    onError,
    onWarning: (warning) => damaged.tell(warning),
  });
  const gateway = openGateway({ config, jobwire, observers: sessionObservers, log, registry });
  const services = openServices({
    config,
    jobwire,
    sessionObservers: gateway.observers,
    log,
    onError,
  });
  const { verifier, signer, handsOutTokens } = createTokens(config, others?.sharedSecret);
  const developmentCode = config.isProduction
    ? null
    : new DevelopmentCode(config.developmentCode ?? randomBytes(18).toString("base64url"));
  let draining: Promise<void> | undefined;
  const app = await createApp({
    config,
    services,
    callbacks: gateway.callbacks,
    tokens: verifier,
    devSigner: handsOutTokens ? signer : null,
    developmentCode,
    telemetry,
    dashboard: dashboard === undefined ? undefined : resolve(dashboard),
    log,
    registry,
    ping: () => store.ping(),
    isStoreReachable: () => store.isReachable,
    warnings: () => store.warnings,
    metrics: () => (others ?? registry).metrics(),
    isStopping: () => draining !== undefined,
    isStarting: () => others?.areAllReady === false,
  });
  const drain = () =>
    (draining ??= Promise.all([
      app.sse.drain({ overMs: config.drainMs }),
      services.tasks.drain({ withinMs: config.tasks.drainMs }),
    ]).then(() => {}));
  const close = async () => {
    await drain();
    await app.close();
    await services[Symbol.asyncDispose]();
    await gateway.close();
    await jobwire[Symbol.asyncDispose]();
  };
  try {
    await app.server.listen({ host: config.host, port: config.port, backlog });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url: urlOf(app.server.server.address(), config.host),
    signer,
    handsOutTokens,
    developmentCode: developmentCode?.text ?? null,
    drain,
    [Symbol.asyncDispose]: close,
  };
}

async function loadTelemetry(): Promise<Telemetry> {
  try {
    return (await import("./otel/index.js")).openTelemetry();
  } catch (cause) {
    throw new Error("TRACING needs the package @opentelemetry/api: npm install @opentelemetry/api", {
      cause,
    });
  }
}

function urlOf(address: AddressInfo | string | null, host: string): string {
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
