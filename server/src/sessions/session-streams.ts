import {
  everybody,
  parseCursor,
  type AnnouncedVersion,
  type ConnectedSession,
  type SessionEvent,
  type SessionStreamEvent,
  type Task,
} from "@jobwire/shared";
import type { Caller } from "../principal.js";
import { servicesFeed, userFeed, type TaskTopic } from "../tasks/task-topic.js";
import type { EventStream, Jobwire, MergedStream } from "../topics/index.js";
import type { SessionConnections } from "./session-connections.js";
import type { SessionRegistry } from "./session-registry.js";
import type { SessionTopic } from "./session-topic.js";

export interface SessionStreamsOptions {
  readonly jobwire: Jobwire;
  readonly topic: SessionTopic;
  readonly taskTopic: TaskTopic;
  readonly registry: SessionRegistry;
  readonly connections: SessionConnections;
  /** The version a session is to be told of. */
  readonly versionFor: (requestId: string) => Promise<AnnouncedVersion>;
  /** The tasks of a user, and those of services, that run or have ended lately. */
  readonly listTasks: (userId: string) => Promise<readonly Task[]>;
  readonly onError: (error: unknown) => void;
}

interface SessionRequest {
  readonly requestId: string;
  readonly lastEventId?: string | null | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What sessions receive: what is for one, for everybody, and what the tasks of its user and of services say. */
export class SessionStreams {
  constructor(private readonly options: SessionStreamsOptions) {}

  /**
   * Opens a connection of a session: `session.opened` and the version first, both made for this connection, then what
   * was missed and what comes. It completes when a newer connection takes the session.
   * @throws AppError `SESSION_NOT_FOUND` `SESSIONS_BUSY` `CURSOR_INVALID` `STORE_UNAVAILABLE`
   */
  async open(
    { userId }: Caller,
    { requestId, lastEventId, signal }: SessionRequest,
  ): Promise<EventStream<SessionStreamEvent>> {
    const opening = new Opening(this.options, { requestId, userId, signal });
    // An id of 0.1 is a cursor of another log: it leads to a gap.
    const formerId = lastEventId && parseCursor(lastEventId) ? lastEventId : null;
    if (!lastEventId || formerId) {
      // Before the connection is made: what is sent to it from then on comes after these.
      const shared = await Promise.all(
        opening.shared().map((stream) => this.options.jobwire.fromNow(stream)),
      );
      const start = await opening.connect();
      return opening.stream({ own: formerId ?? start, shared, lastEventId: null });
    }
    const stream = await this.#resume(opening, lastEventId);
    if (!stream.isEnded) await opening.connect();
    return stream;
  }

  /** Ids of a session have places in the logs of its user: another user's are no ids here, which is not to be told. */
  async #resume(opening: Opening, lastEventId: string) {
    try {
      return opening.stream({ own: null, shared: opening.shared(), lastEventId });
    } catch (error) {
      await this.options.registry.requireOwn(opening.request);
      throw error;
    }
  }
}

interface OpeningRequest {
  readonly requestId: string;
  readonly userId: string;
  readonly signal?: AbortSignal | undefined;
}

interface Beginning {
  /** The place in the session's own log. */
  readonly own: string | null;
  readonly shared: readonly EventStream<object>[];
  /** Where to continue in all of them. */
  readonly lastEventId: string | null;
}

/** One stream of a session, on its way to a connection. */
class Opening {
  #session: ConnectedSession | undefined;

  constructor(
    private readonly options: SessionStreamsOptions,
    readonly request: OpeningRequest,
  ) {}

  /** @returns the place in the session's own log where it begins. */
  async connect(): Promise<string | null> {
    const { request } = this;
    const { session, start } = await this.options.connections.open(request, request.signal);
    this.#session = session;
    return start;
  }

  /** What it has in common with other sessions. */
  shared(): readonly EventStream<object>[] {
    const { topic, taskTopic } = this.options;
    const snapshot = () => this.#snapshot();
    const feeds = [userFeed(this.request.userId), servicesFeed];
    return [
      topic.stream({ requestId: everybody, replay: "none" }, { snapshot }),
      ...feeds.map((feed) => taskTopic.feed(feed, { replay: "none" }, { snapshot })),
    ];
  }

  /** To be read when it is connected. @throws AppError `CURSOR_INVALID` */
  stream({ own: ownId, shared, lastEventId }: Beginning) {
    const { topic, jobwire } = this.options;
    const { requestId, signal } = this.request;
    const own = topic.stream(
      { requestId, lastEventId: ownId, replay: "none" },
      {
        snapshot: async (state) => {
          if (state?.connection?.connectionId !== this.#connected.connectionId)
            await this.options.connections.restore(this.#connected);
          return this.#snapshot();
        },
        mark: {
          type: "session.connected",
          read: (event) =>
            event.type === "session.connected" && event.since > this.#connected.since
              ? { type: "session.replaced" as const, timestamp: new Date(), requestId }
              : null,
        },
      },
    );
    const stream = jobwire.merge([own, ...shared], {
      lastEventId,
      signal,
      endsWith: own,
      prelude: (isContinued) => this.#greet(lastEventId !== null && isContinued),
    });
    // The marks of connections are not sent, and what a task has completed with is of its kind.
    return stream as MergedStream<SessionStreamEvent>;
  }

  get #connected(): ConnectedSession {
    if (!this.#session) throw new Error("a session's stream is read before it is connected");
    return this.#session;
  }

  async #snapshot() {
    const { requestId, userId } = this.request;
    const [version, tasks] = await Promise.all([
      this.options.versionFor(requestId),
      this.options.listTasks(userId),
    ]);
    return { version, tasks };
  }

  async *#greet(resumed: boolean): AsyncGenerator<SessionEvent, void> {
    const { requestId } = this.request;
    const { connectionId } = this.#connected;
    yield { type: "session.opened", timestamp: new Date(), requestId, connectionId, resumed };
    try {
      const version = await this.options.versionFor(requestId);
      yield { type: "version.announced", timestamp: new Date(), ...version };
    } catch (error) {
      // The next connect tries again.
      this.options.onError(error);
    }
  }
}
