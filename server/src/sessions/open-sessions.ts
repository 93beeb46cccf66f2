import type { Logger } from "pino";
import { startBackgroundLoop } from "../background-loop.js";
import type { Store } from "../store/store.js";
import { ProcessLease, renewIntervalMs } from "./process-lease.js";
import { SessionBroadcasts } from "./session-broadcasts.js";
import { SessionConnections } from "./session-connections.js";
import { SessionDirectory } from "./session-directory.js";
import { SessionObservers, type SessionObserver } from "./session-observers.js";
import { SessionRetention } from "./session-retention.js";
import { SessionStore } from "./session-store.js";
import { SessionSweeper } from "./session-sweeper.js";

export interface SessionsOptions {
  readonly store: Store;
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
  readonly store: SessionStore;
  readonly directory: SessionDirectory;
  readonly broadcasts: SessionBroadcasts;
  readonly connections: SessionConnections;
}

/** To be disposed when the connections are closed and before the store is. */
export function openSessions({
  store,
  retainMs,
  maxPerUser,
  observers: list,
  log,
  onError,
}: SessionsOptions): Sessions {
  const retention = new SessionRetention(retainMs, store.clock);
  const sessions = new SessionStore(store, retention);
  const directory = new SessionDirectory(store);
  const lease = new ProcessLease(store);
  const observers = new SessionObservers(list, log);
  const connections = new SessionConnections({
    sessions,
    lease,
    observers,
    directory,
    maxPerUser,
    onError,
  });
  const sweeper = new SessionSweeper({
    store,
    sessions,
    directory,
    retention,
    lease,
    connections,
    observers,
  });
  // By itself: however long a sweep takes, the lease is renewed in time.
  const renewals = startBackgroundLoop(() => lease.renew(), { intervalMs: renewIntervalMs, onError });
  const upkeep = startBackgroundLoop(
    async (signal) => {
      await connections.catchUp();
      await sweeper.sweep(signal);
    },
    { intervalMs: Math.min(renewIntervalMs, retention.sweepIntervalMs), onError },
  );
  return {
    store: sessions,
    directory,
    broadcasts: new SessionBroadcasts({ store, directory, retention }),
    connections,
    async [Symbol.asyncDispose]() {
      await upkeep[Symbol.asyncDispose]();
      await renewals[Symbol.asyncDispose]();
      await connections[Symbol.asyncDispose]();
    },
  };
}
