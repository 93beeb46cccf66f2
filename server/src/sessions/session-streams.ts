import {
  formatCursor,
  parseCursor,
  type AnnouncedVersion,
  type ConnectedSession,
  type SessionEvent,
  type SessionStreamEvent,
  type Task,
} from "@jobwire/shared";
import type { Caller } from "../principal.js";
import type { EventStream } from "../streams/event-stream.js";
import { TopicStream } from "../streams/topic-stream.js";
import { gapEvent, readStreamRequest, type StreamRequest } from "../streams/stream-request.js";
import type { ControlEvent } from "../streams/stream-source.js";
import type { TopicHubs } from "../streams/topic-hubs.js";
import type { SessionConnections } from "./session-connections.js";
import { sessionKey, sessionsScope } from "./session-keys.js";
import { connectionMarkType } from "./session-store.js";

export interface SessionStreamsOptions {
  readonly hubs: TopicHubs;
  readonly connections: SessionConnections;
  /** The version a session is to be told of. */
  readonly versionFor: (requestId: string) => Promise<AnnouncedVersion>;
  /** The tasks of a user that run or have ended lately. */
  readonly listTasks: (userId: string) => Promise<readonly Task[]>;
  readonly onError: (error: unknown) => void;
}

/** Ends the id of the event that ends a stream: whoever comes back with it is told that nothing follows. */
const endSuffix = ":end";

/** What sessions receive. */
export class SessionStreams {
  constructor(private readonly options: SessionStreamsOptions) {}

  /**
   * Opens a connection of a session: `session.opened` and the version first, both made for this connection, then what
   * was missed and what comes. It completes when a newer connection takes the session.
   * @throws AppError `SESSION_NOT_FOUND` `CURSOR_INVALID` `STORE_UNAVAILABLE`
   */
  async open(
    caller: Caller,
    { requestId, ...request }: StreamRequest & { readonly requestId: string },
  ): Promise<EventStream<SessionStreamEvent>> {
    if (request.lastEventId?.endsWith(endSuffix)) return new TopicStream<SessionStreamEvent>(null);
    const { hubs, connections } = this.options;
    const { after, signal } = readStreamRequest(request);
    const { session, start } = await connections.open({ requestId, userId: caller.userId }, signal);
    // Marks before its own are those of connections it has replaced itself.
    let isPastOwnMark = after === null;
    return new TopicStream<SessionStreamEvent>({
      hubs,
      topic: { scope: sessionsScope, topic: sessionKey(requestId) },
      after: after ?? start,
      start: "newest",
      prelude: (isContinued) =>
        this.#greet(session, { id: formatCursor(after ?? start), isResumed: after !== null && isContinued }),
      mark: {
        type: connectionMarkType,
        read: ({ id, body }) => {
          if (body === session.connectionId) isPastOwnMark = true;
          else if (isPastOwnMark) return { id: `${id}${endSuffix}`, event: replaced(requestId) };
          return null;
        },
      },
      explainGap: async (gap) => {
        const to = parseCursor(gap.to);
        const isOtherLog = to?.epoch !== start.epoch;
        isPastOwnMark ||= isOtherLog || to.offset >= start.offset;
        if (isOtherLog) await connections.restore(session);
        const [version, tasks] = await Promise.all([
          this.options.versionFor(requestId),
          this.options.listTasks(session.userId),
        ]);
        return gapEvent(gap, { version, tasks });
      },
      signal,
    });
  }

  async *#greet(
    { requestId, connectionId }: ConnectedSession,
    { id, isResumed }: { readonly id: string; readonly isResumed: boolean },
  ): AsyncGenerator<ControlEvent<SessionEvent>, void> {
    yield {
      id,
      event: { type: "session.opened", timestamp: new Date(), requestId, connectionId, resumed: isResumed },
    };
    try {
      const version = await this.options.versionFor(requestId);
      yield { id, event: { type: "version.announced", timestamp: new Date(), ...version } };
    } catch (error) {
      // The next connect tries again.
      this.options.onError(error);
    }
  }
}

function replaced(requestId: string): SessionEvent {
  return { type: "session.replaced", timestamp: new Date(), requestId };
}
