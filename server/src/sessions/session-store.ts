import type { ConnectedSession, Cursor } from "@jobwire/shared";
import type { Store } from "../store/store.js";
import { removalType } from "../streams/frame.js";
import {
  liveIndex,
  sessionKey,
  sessionsIndex,
  sessionsScope,
  sessionTopic,
  userIndex,
} from "./session-keys.js";
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

  /** When a session is to be dropped that nobody opens. */
  get dropAtMs(): number {
    return this.retention.dropAtMs;
  }

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
   * @param before The connection it replaces, as it was read; it is looked for again when another one was faster.
   * @returns the place of its mark in the log; `null` when the session is another user's.
   */
  async connect(session: ConnectedSession, before: Connection | null = null): Promise<Cursor | null> {
    const { requestId, userId, connectionId } = session;
    const { topic } = sessionTopic(requestId);
    for (let replaced = before; ;) {
      const committed = await this.store.commit({
        scope: sessionsScope,
        state: {
          ...connectedState(session, replaced),
          expect: { userId: ["", userId], process: [replaced?.process ?? ""] },
        },
        events: [{ topic, type: connectionMarkType, body: connectionId }],
      });
      if (committed.accepted) return committed.cursors[0] ?? null;
      const current = committed.state && readSessionRecord(requestId, committed.state);
      if (current && current.userId !== userId && current.userId !== "") return null;
      replaced = current;
    }
  }

  /** @returns false when there is a newer connection. */
  async disconnect({ requestId, connectionId, process }: ConnectedSession): Promise<boolean> {
    const { accepted } = await this.store.commit({
      scope: sessionsScope,
      state: {
        key: sessionKey(requestId),
        expect: { connectionId: [connectionId] },
        set: { endedAt: String(this.store.clock.now()) },
        unlist: [liveIndex(process)],
        due: this.retention.dropAtMs,
      },
      events: [],
    });
    return accepted;
  }

  /**
   * For a connection that stands while its session was taken for gone, or its state was lost or set back to the
   * connection before it. A newer one keeps the session.
   * @param before The connection before it, if there was one.
   */
  async restore(session: ConnectedSession, before: Connection | null): Promise<void> {
    await this.store.commit({
      scope: sessionsScope,
      state: {
        ...connectedState(session, before),
        expect: { connectionId: [session.connectionId, before?.connectionId ?? "", ""] },
      },
      events: [],
    });
  }

  /** Drops the session with its log, unless it has a connection again. */
  async drop({ requestId, userId, connectionId, process, endedAt }: SessionRecord): Promise<void> {
    const key = sessionKey(requestId);
    await this.store.commit({
      scope: sessionsScope,
      state: {
        key,
        expect: { connectionId: [connectionId], endedAt: [endedAt ? String(endedAt.getTime()) : ""] },
        set: {},
        index: [sessionsIndex, userIndex(userId)],
        unlist: [liveIndex(process)],
        due: null,
      },
      events: [{ topic: sessionTopic(requestId).topic, type: removalType, body: "", last: true }],
      // What its log was called in 0.1.
      closedTopics: [key],
      retainMs: 0,
    });
  }
}

/** What of a connection is known where it may have to be replaced. */
export type Connection = Pick<ConnectedSession, "connectionId" | "process">;

function connectedState(
  { requestId, userId, connectionId, process, since }: ConnectedSession,
  before: Connection | null,
) {
  return {
    key: sessionKey(requestId),
    set: { userId, connectionId, process, since: String(since.getTime()), endedAt: "" },
    index: [sessionsIndex, userIndex(userId), liveIndex(process)],
    due: null,
    unlist: before && before.process !== process ? [liveIndex(before.process)] : [],
  };
}
