import { randomUUID } from "node:crypto";
import type { ConnectedSession } from "@jobwire/shared";
import { batchesOf } from "./batches.js";
import type { ProcessLease } from "./process-lease.js";
import type { SessionObservers } from "./session-observers.js";
import type { Connection, SessionRegistry } from "./session-registry.js";

export interface SessionConnectionsOptions {
  readonly registry: SessionRegistry;
  readonly lease: ProcessLease;
  readonly observers: SessionObservers;
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
   * @throws AppError `SESSION_NOT_FOUND` when the session is another user's, `SESSIONS_BUSY`, `STORE_UNAVAILABLE`
   */
  async open(
    { requestId, userId }: Pick<ConnectedSession, "requestId" | "userId">,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly session: ConnectedSession; readonly start: string | null }> {
    const { registry, lease, observers } = this.options;
    if (!lease.isHeld) await lease.renew();
    const connectionId = randomUUID();
    const connection: LocalConnection = {
      session: { requestId, userId, connectionId, since: new Date(), process: lease.id },
      before: undefined,
      greeted: undefined,
    };
    this.#open.set(connectionId, connection);
    try {
      const { session, before, start } = await registry.connect({ requestId, userId, connectionId }, signal);
      connection.session = session;
      connection.before = before;
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

  /** Ends those whose process is gone. */
  async endAll(sessions: readonly ConnectedSession[]): Promise<void> {
    const { registry, observers } = this.options;
    const end = async (session: ConnectedSession) => {
      if (await registry.disconnect(session)) void observers.tell("onDisconnect", session);
    };
    for (const batch of batchesOf(sessions, maxAtOnce)) await Promise.all(batch.map(end));
  }

  /** Whether this process holds the connection, or is about to say that it has ended. */
  holds({ connectionId }: ConnectedSession): boolean {
    return this.#open.has(connectionId) || this.#leaving.has(connectionId);
  }

  /** To be called when the log of a connection that stands was lost: its state may be lost as well. */
  async restore({ connectionId }: ConnectedSession): Promise<void> {
    const { registry, lease } = this.options;
    const connection = this.#open.get(connectionId);
    if (!connection) return;
    connection.session = { ...connection.session, process: lease.id };
    await registry.restore(connection.session, connection.before);
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
    const isLast = await this.options.registry.disconnect(session);
    const isFirstAnswer = this.#leaving.delete(session.connectionId);
    if (isLast && isFirstAnswer)
      void greeted?.then(() => this.options.observers.tell("onDisconnect", session));
  }
}

interface LocalConnection {
  session: ConnectedSession;
  /** The connection it has replaced, if any. */
  before: Connection | undefined;
  /** Settles when the observers know of it; absent before it is connected. */
  greeted: Promise<void> | undefined;
}
