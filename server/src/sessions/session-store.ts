import type { ConnectedSession, Cursor } from "@jobwire/shared";
import type { Store } from "../store/store.js";
import { sessionKey, sessionsIndex, sessionsScope, userIndex } from "./session-keys.js";
import { readSessionRecord, type SessionRecord } from "./session-record.js";
import type { SessionRetention } from "./session-retention.js";

/** In a session's log: from here on it belongs to the connection whose id is the body. */
export const connectionMarkType = "session.connection";

/**
 * One session at a time. What a connection changes in the state of its session is one guarded commit each. The state names the newest connection
 * by an id that no other has, so whoever is no longer the newest changes nothing.
 * Every method rejects with AppError `STORE_UNAVAILABLE` when it is not known whether the change was made.
 */
export class SessionStore {
  constructor(
    private readonly store: Store,
    private readonly retention: SessionRetention,
  ) {}

  /** @returns `null` also when its time has passed: then it is dropped, so that the next one of this name begins anew. */
  async find(requestId: string): Promise<SessionRecord | null> {
    const state = await this.store.readState({ scope: sessionsScope, key: sessionKey(requestId) });
    const session = state && readSessionRecord(requestId, state);
    if (!session || !this.retention.isOver(session)) return session;
    await this.drop(session);
    return null;
  }

  /**
   * Makes this connection the newest. Of those who race the last commit wins.
   * @returns the place of its mark in the log; `null` when the session is another user's.
   */
  async connect(session: ConnectedSession): Promise<Cursor | null> {
    const { requestId, userId, connectionId } = session;
    const committed = await this.store.commit({
      scope: sessionsScope,
      state: { ...connectedState(session), expect: { userId: ["", userId] } },
      events: [{ topic: sessionKey(requestId), type: connectionMarkType, body: connectionId }],
    });
    return committed.accepted ? (committed.cursors[0] ?? null) : null;
  }

  /** @returns false when there is a newer connection. */
  async disconnect({ requestId, connectionId }: ConnectedSession): Promise<boolean> {
    const { accepted } = await this.store.commit({
      scope: sessionsScope,
      state: {
        key: sessionKey(requestId),
        expect: { connectionId: [connectionId] },
        set: { endedAt: String(this.store.clock.now()) },
      },
      events: [],
    });
    return accepted;
  }

  /**
   * For a connection that stands while its session was taken for gone, or its state was lost or set back to the
   * connection before it. A newer one keeps the session.
   * @param before The id of the connection before it; `""` when there was none.
   */
  async restore(session: ConnectedSession, before: string): Promise<void> {
    await this.store.commit({
      scope: sessionsScope,
      state: { ...connectedState(session), expect: { connectionId: [session.connectionId, before, ""] } },
      events: [],
    });
  }

  /** Drops the session with its log, unless it has a connection again. */
  async drop({ requestId, userId, connectionId, endedAt }: SessionRecord): Promise<void> {
    const key = sessionKey(requestId);
    await this.store.commit({
      scope: sessionsScope,
      state: {
        key,
        expect: { connectionId: [connectionId], endedAt: [endedAt ? String(endedAt.getTime()) : ""] },
        set: {},
        index: [sessionsIndex, userIndex(userId)],
      },
      events: [{ topic: key, type: "session.dropped", body: "", last: true }],
      retainMs: 0,
    });
  }
}

function connectedState({ requestId, userId, connectionId, process, since }: ConnectedSession) {
  return {
    key: sessionKey(requestId),
    set: { userId, connectionId, process, since: String(since.getTime()), endedAt: "" },
    index: [sessionsIndex, userIndex(userId)],
  };
}
