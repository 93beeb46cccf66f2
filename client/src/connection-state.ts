import type { TRPCClientErrorBase } from "@trpc/client";
import type { TRPCDefaultErrorShape } from "@trpc/server";
import { tellListeners } from "./tell-listeners.js";

/** How a stream's connection is. */
export interface ConnectionState {
  /**
   * - `idle`: there is no stream, or it is over; with `lastError` it ended by that error.
   * - `connecting`: the server was asked and has not said `connected` yet.
   * - `live`: events arrive as they happen.
   * - `waiting`: an attempt failed; the next one is made at `nextRetryAt`.
   * - `offline`: an attempt failed, and the browser has no network; the next one is made as soon as it has, at the latest
   *   at `nextRetryAt`.
   * - `paused`: the page is hidden; the stream continues where it was once the page is seen.
   */
  readonly state: "idle" | "connecting" | "live" | "waiting" | "offline" | "paused";
  /**
   * Attempts since the stream was last live, this one included: 1 for the first. 0 in `idle`, `live` and `paused`. Those
   * without a network do not count.
   */
  readonly attempt: number;
  /** In `waiting` and `offline`: when the next attempt is made. */
  readonly nextRetryAt: Date | null;
  /** Why the attempt before failed or the stream ended; `null` once it is live. */
  readonly lastError: ConnectionError | null;
}

/** A `TRPCClientError`: `data` has `code` and `httpStatus` when a server answered. */
export type ConnectionError = Error & TRPCClientErrorBase<TRPCDefaultErrorShape>;

/** A value that changes, as React's `useSyncExternalStore` takes it. Both functions may be passed on without their object. */
export interface ConnectionStore {
  /** The state of now; the same object until it changes. */
  readonly getSnapshot: () => ConnectionState;
  /** Calls back after each change. @returns what ends the subscription. */
  readonly subscribe: (onChange: () => void) => () => void;
}

/** Where a stream says how it is connected. */
export interface ConnectionReport {
  readonly getSnapshot: () => ConnectionState;
  readonly set: (state: ConnectionState) => void;
}

/** The state of one stream, set by it and read by others. */
type StreamConnection = ConnectionStore & ConnectionReport;

/**
 * The state of all streams that report to it: of several the one that is worst off, in the order `offline`,
 * `waiting`, `connecting`, `paused`, `live`. `idle` while there is none.
 */
export interface ConnectionMonitor extends ConnectionStore {
  /** The state of one more stream; it counts until it is `idle`. */
  readonly open: () => StreamConnection;
}

export const idleState: ConnectionState = { state: "idle", attempt: 0, nextRetryAt: null, lastError: null };
export const firstAttempt: ConnectionState = { ...idleState, state: "connecting", attempt: 1 };

/** A monitor without streams, for the `monitor` of `sseLink`. */
export function createConnectionMonitor(): ConnectionMonitor {
  const open = new Set<StreamConnection>();
  const { set, ...worst } = createStore();
  return {
    ...worst,
    open() {
      const { set: setOwn, ...own } = createStore();
      const connection: StreamConnection = {
        ...own,
        set(state) {
          setOwn(state);
          if (state.state === "idle") open.delete(connection);
          else open.add(connection);
          set(worstOf(open, state));
        },
      };
      return connection;
    },
  };
}

const byUrgency = ["offline", "waiting", "connecting", "paused", "live"] as const;

/** @param ended the state of a stream that has ended, which is told when it was the last one. */
function worstOf(connections: ReadonlySet<ConnectionStore>, ended: ConnectionState): ConnectionState {
  const states = [...connections].map(({ getSnapshot }) => getSnapshot());
  for (const wanted of byUrgency) {
    const found = states.find(({ state }) => state === wanted);
    if (found) return found;
  }
  return ended;
}

function createStore(): StreamConnection {
  let current = idleState;
  const listeners = new Set<() => void>();
  return {
    getSnapshot: () => current,
    subscribe(onChange) {
      // Its own function each time: one that subscribes twice is called twice, and leaves one by one.
      const listener = () => onChange();
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    set(state) {
      if (state === current) return;
      current = state;
      tellListeners(listeners);
    },
  };
}
