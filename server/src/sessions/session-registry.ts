import {
  everybody,
  type AnnouncedVersion,
  type ConnectedSession,
  type EventInputOf,
  type SessionState,
  type sessionTopic,
} from "@jobwire/shared";
import { AppError } from "../app-error.js";
import { KeyedTurns } from "../keyed-turns.js";
import type { Decision } from "../topics/index.js";
import type { ProcessLease } from "./process-lease.js";
import { connectedIndex, processIndex, userIndex, type SessionTopic } from "./session-topic.js";

/** What of a connection is known where it may have to be replaced. */
export type Connection = NonNullable<SessionState["connection"]>;

type SessionSays = EventInputOf<typeof sessionTopic>;
type SessionDecision = Decision<SessionState, SessionSays>;

export interface SessionRegistryOptions {
  readonly topic: SessionTopic;
  readonly lease: ProcessLease;
  /** How long a session is kept after its connection has ended. */
  readonly retainMs: number;
  /** How many sessions of a user are kept, connected or not. */
  readonly maxPerUser: number;
  /** By the store's clock. */
  readonly now: () => Date;
}

/**
 * Who is there, over all server processes, and what is sent to them. A session's state names its newest connection by an id
 * that no other has, so whoever is no longer the newest changes nothing.
 * Every method rejects with AppError `STORE_UNAVAILABLE` when it is not known whether the change was made.
 */
export class SessionRegistry {
  /** Of users whose sessions are counted for one more: nobody in this process adds one in between. */
  readonly #turns = new KeyedTurns();

  constructor(private readonly options: SessionRegistryOptions) {}

  /**
   * Makes this connection the newest. Of those who race the last commit wins.
   * @returns the connection, that which it replaces, and the place in the session's log where it begins.
   * @param signal Whoever has left by now takes the session from nobody.
   * @throws AppError `SESSION_NOT_FOUND` when the session is another user's, `SESSIONS_BUSY`; the reason of the signal
   */
  async connect(
    { requestId, userId, connectionId }: Omit<ConnectedSession, "since" | "process">,
    signal?: AbortSignal,
  ) {
    const { lease, now } = this.options;
    const process = lease.id;
    let since = now();
    let before: Connection | undefined;
    const open = (mayAdd: boolean) =>
      this.#change(requestId, async (known) => {
        signal?.throwIfAborted();
        requireOwner(known, userId);
        before = known?.connection ?? undefined;
        if (!before && !mayAdd) return [];
        if (!before) await this.#makeRoom(userId);
        since = new Date(Math.max(now().getTime(), (before?.since.getTime() ?? 0) + 1));
        return connected(known, { requestId, userId, connectionId, process, since });
      });
    // Sessions that come back wait for nobody.
    let { ids } = await open(false);
    if (!before) ({ ids } = await this.#turns.run(userId, () => open(true)));
    const session: ConnectedSession = { requestId, userId, connectionId, process, since };
    return { session, before, start: ids[0] ?? null };
  }

  /** @returns false when there is a newer connection, or it has gone to another process. */
  async disconnect({ requestId, connectionId, process }: ConnectedSession): Promise<boolean> {
    let isNewest = false;
    await this.options.topic.change({ requestId }, (known) => {
      const { connection, endedAt } = known ?? {};
      isNewest = connection?.connectionId === connectionId && connection.process === process && !endedAt;
      return isNewest && known ? { state: { ...known, endedAt: this.options.now() }, events: [] } : [];
    });
    return isNewest;
  }

  /**
   * For a connection that stands while its session was taken for gone, or its state was lost or set back to the
   * connection before it. A newer one keeps the session.
   * @param before The connection before it, if there was one.
   */
  async restore(session: ConnectedSession, before: Connection | undefined): Promise<void> {
    const mine = new Set([session.connectionId, before?.connectionId, undefined]);
    await this.#change(session.requestId, (known) =>
      mine.has(known?.connection?.connectionId) ? connected(known, session) : [],
    );
  }

  /** @throws AppError `SESSION_NOT_FOUND` when the session is another user's. */
  async requireOwn({ requestId, userId }: Pick<ConnectedSession, "requestId" | "userId">): Promise<void> {
    requireOwner(await this.options.topic.state({ requestId }), userId);
  }

  /** Those who are connected to a process that is alive. */
  async connected(): Promise<ConnectedSession[]> {
    const sessions = await this.connectedTo();
    const alive = await this.options.lease.alive();
    return sessions.filter(({ process }) => alive.has(process));
  }

  /** Those who are connected to a process, or to any, alive or not. */
  async connectedTo(processId?: string): Promise<ConnectedSession[]> {
    const index = processId === undefined ? connectedIndex : processIndex(processId);
    const sessions: ConnectedSession[] = [];
    for await (const { key, state } of this.options.topic.all({ index })) {
      const { userId, connection } = state;
      if (userId !== null && connection) sessions.push({ requestId: key.requestId, userId, ...connection });
    }
    return sessions;
  }

  /**
   * Sends to one session, or to all: one commit, however many they are. Those that are away for a moment find it when they are
   * back. No session at all is no error.
   * @returns how many connections it is for.
   */
  async send(event: SessionSays, requestId: string = everybody): Promise<number> {
    if (requestId === everybody) await this.options.topic.publish({ requestId }, event);
    else await this.#change(requestId, (known) => (known ? event : []));
    return this.#countLive(requestId);
  }

  /** As `send`, also to a session that nobody has opened yet: it is kept like one whose connection has ended. */
  async announce(version: Omit<AnnouncedVersion, "pending">, requestId: string = everybody): Promise<number> {
    const event = {
      type: "version.announced",
      timestamp: this.options.now(),
      pending: true,
      ...version,
    } as const;
    await this.#change(requestId, () => event);
    return this.#countLive(requestId);
  }

  /** What was announced last, to this session or to all. */
  async announcedTo(requestId: string): Promise<AnnouncedVersion | null> {
    const keys = [requestId, everybody];
    const states = await Promise.all(keys.map((key) => this.options.topic.state({ requestId: key })));
    const [last] = states
      .flatMap((state) => state?.version ?? [])
      .toSorted((one, other) => other.announcedAt.getTime() - one.announcedAt.getTime());
    if (!last) return null;
    const { announcedAt: _, ...version } = last;
    return version;
  }

  /**
   * For one more session: those that have been without a connection longest go, until it is counted that there is room.
   * @throws AppError `SESSIONS_BUSY`
   */
  async #makeRoom(userId: string): Promise<void> {
    const { topic, maxPerUser } = this.options;
    const index = userIndex(userId);
    while (((await topic.counts([index]))[index] ?? 0) >= maxPerUser) {
      let longest: { readonly requestId: string; readonly endedAt: Date } | undefined;
      for await (const { key, state } of topic.all({ index }))
        if (state.endedAt && !(longest && longest.endedAt <= state.endedAt))
          longest = { requestId: key.requestId, endedAt: state.endedAt };
      if (!longest)
        throw new AppError(
          "SESSIONS_BUSY",
          `You have ${maxPerUser} sessions, all of them connected; close one, or use one requestId for each page.`,
        );
      const { requestId, endedAt } = longest;
      await topic.remove({ requestId }, { when: (state) => state.endedAt?.getTime() === endedAt.getTime() });
    }
  }

  /** A session whose time has passed is dropped first: the next one of its name begins anew. */
  async #change(
    requestId: string,
    decide: (known: SessionState | null) => SessionDecision | Promise<SessionDecision>,
  ) {
    const { topic } = this.options;
    const isOver = (state: SessionState | null) => requestId !== everybody && this.#isOver(state);
    for (;;) {
      let wasOver = false;
      const changed = await topic.change({ requestId }, (known) => {
        wasOver = isOver(known);
        return wasOver ? [] : decide(known);
      });
      if (!wasOver) return changed;
      await topic.remove({ requestId }, { when: isOver });
    }
  }

  #isOver(session: SessionState | null): boolean {
    const { now, retainMs } = this.options;
    return !!session?.endedAt && now().getTime() - session.endedAt.getTime() >= retainMs;
  }

  /** How many of these sessions are connected to a process that is alive. */
  async #countLive(requestId: string): Promise<number> {
    const { topic, lease } = this.options;
    if (requestId !== everybody) {
      const session = await topic.state({ requestId });
      if (!session?.connection || session.endedAt) return 0;
      return (await lease.alive()).has(session.connection.process) ? 1 : 0;
    }
    const counts = await topic.counts([...(await lease.alive())].map(processIndex));
    return Object.values(counts).reduce((sum, count) => sum + count, 0);
  }
}

/** The state with this connection, and the event that tells those before it. */
function connected(
  known: SessionState | null,
  { userId, connectionId, process, since }: ConnectedSession,
): SessionDecision {
  const connection = { connectionId, process, since };
  return {
    state: { version: null, ...known, userId, connection, endedAt: null },
    events: [{ type: "session.connected", connectionId, since }],
  };
}

function requireOwner(session: SessionState | null, userId: string): void {
  if (session && session.userId !== null && session.userId !== userId)
    throw new AppError("SESSION_NOT_FOUND", "There is no such session of yours; choose another requestId.");
}
