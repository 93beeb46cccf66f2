import type { Logger } from "pino";
import { startBackgroundLoop } from "../background-loop.js";
import type { Jobwire } from "../topics/index.js";
import { ProcessLease, renewIntervalMs } from "./process-lease.js";
import { SessionAudit } from "./session-audit.js";
import { SessionConnections } from "./session-connections.js";
import { SessionObservers, type SessionObserver } from "./session-observers.js";
import { SessionRegistry } from "./session-registry.js";
import { openSessionTopic, type SessionTopic } from "./session-topic.js";

export interface SessionsOptions {
  readonly jobwire: Jobwire;
  /** How long a session is kept after its connection has ended. */
  readonly retainMs: number;
  /** How many sessions of a user are kept, connected or not. */
  readonly maxPerUser: number;
  readonly observers: readonly SessionObserver[];
  readonly log: Logger;
  readonly onError: (error: unknown) => void;
}

/** What the domains around sessions work with. */
export interface Sessions extends AsyncDisposable {
  readonly topic: SessionTopic;
  readonly registry: SessionRegistry;
  readonly connections: SessionConnections;
}

/** To be disposed when the connections are closed and before Jobwire is. */
export function openSessions({
  jobwire,
  retainMs,
  maxPerUser,
  observers: list,
  log,
  onError,
}: SessionsOptions): Sessions {
  const topic = openSessionTopic(jobwire, { retainMs });
  const lease = new ProcessLease(jobwire, async (processId) => {
    await connections.endAll(await registry.connectedTo(processId));
  });
  const registry = new SessionRegistry({ topic, lease, retainMs, maxPerUser, now: () => jobwire.now() });
  const observers = new SessionObservers(list, log);
  const connections = new SessionConnections({ registry, lease, observers, onError });
  const audit = new SessionAudit(registry, lease, connections);
  // By itself: however long the rest takes, the lease is renewed in time.
  const renewals = startBackgroundLoop(() => lease.renew(), { intervalMs: renewIntervalMs, onError });
  const upkeep = startBackgroundLoop(
    async () => {
      await connections.catchUp();
      await audit.look();
    },
    { intervalMs: renewIntervalMs, onError },
  );
  return {
    topic,
    registry,
    connections,
    async [Symbol.asyncDispose]() {
      await upkeep[Symbol.asyncDispose]();
      await renewals[Symbol.asyncDispose]();
      await connections[Symbol.asyncDispose]();
    },
  };
}
