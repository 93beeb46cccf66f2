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
