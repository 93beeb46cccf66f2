import { randomUUID } from "node:crypto";
import type { ConnectedSession, Cursor } from "@jobwire/shared";
import { AppError } from "../app-error.js";
import { batchesOf } from "./batches.js";
import type { ProcessLease } from "./process-lease.js";
import type { SessionObservers } from "./session-observers.js";
import type { SessionDirectory } from "./session-directory.js";
import type { SessionRecord } from "./session-record.js";
import type { Connection, SessionStore } from "./session-store.js";

export interface SessionConnectionsOptions {
  readonly sessions: SessionStore;
  readonly lease: ProcessLease;
  readonly observers: SessionObservers;
  readonly directory: SessionDirectory;
  /** How many sessions of a user are kept, connected or not. */
  readonly maxPerUser: number;
  readonly onError: (error: unknown) => void;
}

/** Thousands may leave or come back at once; others want the store too. */
const maxAtOnce = 64;

/** The connections of sessions that this process holds. */
export class SessionConnections implements AsyncDisposable {
  readonly #open = new Map<string, LocalConnection>();
  readonly #leaving = new Map<string, LocalConnection>();
  #leavingNow: Promise<void> | undefined;
  #knownLapses = 0;

  constructor(private readonly options: SessionConnectionsOptions) {}

  /**
   * Makes a new connection the only one of its session until the signal aborts.
   * @returns the connection, and the place in the session's log where it begins.
   * @throws AppError `SESSION_NOT_FOUND` when the session is another user's, `STORE_UNAVAILABLE`
   */
  async open(
    { requestId, userId }: Pick<ConnectedSession, "requestId" | "userId">,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly session: ConnectedSession; readonly start: Cursor }> {
    const { sessions, lease, observers } = this.options;
    if (!lease.isHeld) await lease.renew();
    const before = await sessions.find(requestId);
    if (!before) await this.#makeRoom(userId);
    const session = { requestId, userId, connectionId: randomUUID(), since: new Date(), process: lease.id };
    const connection: LocalConnection = {
      session,
      before,
      greeted: undefined,
    };
    this.#open.set(session.connectionId, connection);
    try {
      const start = await sessions.connect(session, before);
      if (!start) throw notFound();
      connection.greeted = observers.tell("onConnect", session);
      if (signal?.aborted) this.#close(connection);
      else signal?.addEventListener("abort", () => this.#close(connection), { once: true });
      return { session, start };
    } catch (error) {
      // Whoever did not hear the answer may be connected all the same.
      this.#close(connection);
      throw error;
    }
  }

  /** @throws AppError `SESSION_NOT_FOUND` when the session is another user's, `STORE_UNAVAILABLE` */
  async requireOwn({ requestId, userId }: Pick<ConnectedSession, "requestId" | "userId">): Promise<void> {
    const session = await this.options.sessions.find(requestId);
    if (session && session.userId !== "" && session.userId !== userId) throw notFound();
  }

  /** Whether this process holds the connection, or is about to say that it has ended. */
  holds({ connectionId }: ConnectedSession): boolean {
    return this.#open.has(connectionId) || this.#leaving.has(connectionId);
  }

  /** To be called when the log of a connection that stands was lost: its state may be lost as well. */
  async restore({ connectionId }: ConnectedSession): Promise<void> {
    const connection = this.#open.get(connectionId);
    if (connection) await this.options.sessions.restore(connection.session, connection.before);
  }

  /** To be called regularly: does what could not be done while the store was away. */
  async catchUp(): Promise<void> {
    const { lapses } = this.options.lease;
    if (lapses !== this.#knownLapses) {
      const sessions = [...this.#open.values()].map(({ session }) => session);
      for (const batch of batchesOf(sessions, maxAtOnce))
        await Promise.all(batch.map((session) => this.restore(session)));
      this.#knownLapses = lapses;
    }
    await this.#leaveAll();
  }

  /** What cannot be said any more is found by the sweep of another process. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leaveAll().catch(this.options.onError);
    await this.options.lease.release().catch(this.options.onError);
  }

  /** For one more session: the one that has been without a connection longest goes. @throws AppError `SESSIONS_BUSY` */
  async #makeRoom(userId: string): Promise<void> {
    const { directory, sessions, maxPerUser } = this.options;
    if ((await directory.countOf(userId)) < maxPerUser) return;
    let longestEnded: SessionRecord | undefined;
    for await (const page of directory.ofUser(userId))
      for (const session of page)
        if (session.endedAt && !(longestEnded?.endedAt && longestEnded.endedAt <= session.endedAt))
          longestEnded = session;
    if (!longestEnded)
      throw new AppError(
        "SESSIONS_BUSY",
        `You have ${maxPerUser} sessions, all of them connected; close one, or use one requestId for each page.`,
      );
    await sessions.drop(longestEnded);
  }

  #close(connection: LocalConnection): void {
    const { connectionId } = connection.session;
    this.#open.delete(connectionId);
    this.#leaving.set(connectionId, connection);
    this.#leaveAll().catch(this.options.onError);
  }

  #leaveAll(): Promise<void> {
    if (this.#leaving.size === 0) return Promise.resolve();
    return (this.#leavingNow ??= this.#leaveInBatches());
  }

  async #leaveInBatches(): Promise<void> {
    try {
      while (this.#leaving.size > 0) {
        for (const batch of batchesOf([...this.#leaving.values()], maxAtOnce))
          await Promise.all(batch.map((connection) => this.#leave(connection)));
      }
    } finally {
      this.#leavingNow = undefined;
    }
  }

  async #leave(connection: LocalConnection): Promise<void> {
    const { session, greeted } = connection;
    const isLast = await this.options.sessions.disconnect(session);
    const isFirstAnswer = this.#leaving.delete(session.connectionId);
    if (isLast && isFirstAnswer)
      void greeted?.then(() => this.options.observers.tell("onDisconnect", session));
  }
}

interface LocalConnection {
  readonly session: ConnectedSession;
  /** The connection it has replaced, if any. */
  readonly before: Connection | null;
  /** Settles when the observers know of it; absent before it is connected. */
  greeted: Promise<void> | undefined;
}

function notFound(): AppError {
  return new AppError("SESSION_NOT_FOUND", "There is no such session of yours; choose another requestId.");
}
