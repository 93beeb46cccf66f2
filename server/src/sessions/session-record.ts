import type { ConnectedSession } from "@jobwire/shared";
import type { StateRecord } from "../store/store.js";

/** A session as it is stored: its newest connection, and whether that has ended. */
export interface SessionRecord extends ConnectedSession {
  /** `null`: connected, as long as its process is alive. */
  readonly endedAt: Date | null;
}

export function readSessionRecord(requestId: string, state: StateRecord): SessionRecord {
  const { userId = "", connectionId = "", process = "", since, endedAt } = state;
  return {
    requestId,
    userId,
    connectionId,
    process,
    since: new Date(Number(since ?? 0)),
    endedAt: endedAt === "" ? null : new Date(Number(endedAt ?? 0)),
  };
}

/**
 * How long a session is kept after its connection has ended. It is over after `retainMs`; for some time more it is
 * written to, and only then dropped, so that nobody writes to a log that is just being dropped.
 */
export class SessionRetention {
  readonly #marginMs: number;

  constructor(private readonly retainMs: number) {
    this.#marginMs = Math.min(retainMs, 60_000);
  }

  /** How often it is worthwhile to look for sessions to drop. */
  get sweepIntervalMs(): number {
    return this.#marginMs;
  }

  isOver(session: SessionRecord): boolean {
    return ageOf(session) >= this.retainMs;
  }

  isReachable(session: SessionRecord): boolean {
    return ageOf(session) < this.retainMs + this.#marginMs / 2;
  }

  isDroppable(session: SessionRecord): boolean {
    return ageOf(session) >= this.retainMs + this.#marginMs;
  }
}

function ageOf({ endedAt }: SessionRecord): number {
  return endedAt ? Date.now() - endedAt.getTime() : 0;
}
