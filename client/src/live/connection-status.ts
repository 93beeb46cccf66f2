import { tellListeners } from "../tell-listeners.js";
import type { Recovery, StreamConnection, StreamError } from "./stream-connection.js";

/** How the connection to the server is: of several streams the one that is worst off. */
export interface ConnectionStatus {
  /**
   * - `idle`: nothing is watched, or all that was has ended.
   * - `connecting`: the first attempt is under way.
   * - `live`: events arrive as they happen.
   * - `reconnecting`: it is tried again by itself; nothing will be lost.
   * - `failed`: a stream ended with an error that trying again does not mend; that what it is about does not exist is none.
   */
  readonly state: "idle" | "connecting" | "live" | "reconnecting" | "failed";
  /** Since when. */
  readonly since: Date;
  /** Why it is not live. */
  readonly error: StreamError | null;
  /** When it is tried again; `null` while an attempt is under way and when there is no need. */
  readonly nextRetryAt: Date | null;
  /** What the last reconnection brought, of all streams; `null` while there was none. */
  readonly recovered: Recovery | null;
  /** How many streams are open. */
  readonly streams: number;
  /** Opens the failed streams again, from their beginning. */
  readonly retry: () => void;
}

export interface ConnectionStatusStore {
  readonly getSnapshot: () => ConnectionStatus;
  /** While nothing was watched: what a server renders. */
  readonly getFirstSnapshot: () => ConnectionStatus;
  readonly subscribe: (onChange: () => void) => () => void;
  /** To be called when a connection has changed. */
  readonly update: () => void;
  /** To be called when there is one more stream: it tells only the first, as others are as live as they were. */
  readonly begin: () => void;
}

export interface StatusSource {
  readonly connections: () => readonly StreamConnection[];
  readonly retry: () => void;
}

export function createConnectionStatus({ connections, retry }: StatusSource): ConnectionStatusStore {
  const listeners = new Set<() => void>();
  const first: ConnectionStatus = {
    state: "idle",
    since: new Date(),
    error: null,
    nextRetryAt: null,
    recovered: null,
    streams: 0,
    retry,
  };
  let current = first;
  const update = () => {
    current = { ...statusOf(connections(), current), retry };
    tellListeners(listeners);
  };
  return {
    getSnapshot: () => current,
    getFirstSnapshot: () => first,
    subscribe(onChange) {
      const listener = () => onChange();
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    update,
    begin() {
      if (current.state === "idle") update();
    },
  };
}

const byUrgency = ["failed", "reconnecting", "connecting", "live"] as const;

function statusOf(
  connections: readonly StreamConnection[],
  before: ConnectionStatus,
): Omit<ConnectionStatus, "retry"> {
  const open = connections.filter((connection) => !hasEnded(connection));
  const state = byUrgency.find((wanted) => open.some((connection) => connection.state === wanted)) ?? "idle";
  const worst = open.find((connection) => connection.state === state);
  return {
    state,
    since: state === before.state ? before.since : new Date(),
    error: worst && "error" in worst ? worst.error : null,
    nextRetryAt: worst?.state === "reconnecting" ? worst.nextRetryAt : null,
    recovered: newestRecovery(open) ?? before.recovered,
    streams: open.length,
  };
}

/** That what it is about does not exist is an answer, not a fault of the connection. */
function hasEnded(connection: StreamConnection): boolean {
  if (connection.state !== "failed") return connection.state === "ended";
  return connection.error.data?.code === "NOT_FOUND";
}

/** Streams that came back together are told as one. */
function newestRecovery(connections: readonly StreamConnection[]): Recovery | null {
  const recoveries = connections.flatMap((connection) =>
    connection.state === "live" && connection.recovered ? [connection.recovered] : [],
  );
  const newest = recoveries.toSorted((one, other) => other.at.getTime() - one.at.getTime())[0];
  if (!newest) return null;
  const together = recoveries.filter(({ at }) => newest.at.getTime() - at.getTime() < togetherMs);
  return {
    at: newest.at,
    events: together.reduce((sum, { events }) => sum + events, 0),
    gap: together.find(({ gap }) => gap !== null)?.gap ?? null,
  };
}

const togetherMs = 10_000;
