import {
  parseCursor,
  type AnnouncedVersion,
  type ConnectedSession,
  type Cursor,
  type SessionEvent,
  type SessionStreamEvent,
  type Task,
} from "@jobwire/shared";
import type { Caller } from "../principal.js";
import type { EventStream } from "../streams/event-stream.js";
import { TopicStream } from "../streams/topic-stream.js";
import { gapEvent, readStreamRequest, type StreamRequest } from "../streams/stream-request.js";
import { MergedStream } from "../streams/merged-stream.js";
import { endedPlace, inOrder, MergedPlaces } from "../streams/merged-places.js";
import type { Gap, StreamSource } from "../streams/stream-source.js";
import type { TopicKey } from "../store/store.js";
import type { TopicHubs } from "../streams/topic-hubs.js";
import type { SessionConnections } from "./session-connections.js";
import { everybodyTopic, sessionTopic, userTopic } from "./session-keys.js";
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

/** Ends the id of the event that ended a stream in 0.1: whoever comes back with it is told that nothing follows. */
const formerEndSuffix = ":end";

/** What sessions receive. */
export class SessionStreams {
  constructor(private readonly options: SessionStreamsOptions) {}

  /**
   * Opens a connection of a session: `session.opened` and the version first, both made for this connection, then what
   * was missed and what comes, for this session, its user and everybody. It completes when a newer connection takes the
   * session.
   * @throws AppError `SESSION_NOT_FOUND` `SESSIONS_BUSY` `CURSOR_INVALID` `STORE_UNAVAILABLE`
   */
  async open(
    caller: Caller,
    { requestId, lastEventId, signal }: StreamRequest & { readonly requestId: string },
  ): Promise<EventStream<SessionStreamEvent>> {
    const { hubs, connections } = this.options;
    const own = sessionTopic(requestId);
    const shared = [userTopic(caller.userId), everybodyTopic];
    const { userId } = caller;
    const from = await this.#readPlaces({ requestId, userId }, [own, ...shared], lastEventId);
    if (from.own === "ended") return new TopicStream<SessionStreamEvent>(null);
    // Before the connection is made: what is sent to it from then on comes after these.
    const heads = await Promise.all(shared.map((topic) => headOf(hubs, topic)));
    const { session, start } = await connections.open({ requestId, userId }, signal);
    // Marks before its own are those of connections it has replaced itself.
    let isPastOwnMark = from.own === null;
    const explainGap = async (gap: Gap) => gapEvent(gap, await this.#snapshot(session));
    const ownSource: StreamSource<SessionStreamEvent> = {
      hubs,
      topic: own,
      after: from.own ?? start,
      start: "newest",
      mark: {
        type: connectionMarkType,
        read: ({ body }) => {
          if (body === session.connectionId) isPastOwnMark = true;
          else if (isPastOwnMark) return { id: endedPlace, event: replaced(requestId) };
          return null;
        },
      },
      explainGap: async (gap) => {
        const to = parseCursor(gap.to);
        const isOtherLog = to?.epoch !== start.epoch;
        isPastOwnMark ||= isOtherLog || to.offset >= start.offset;
        if (isOtherLog) await connections.restore(session);
        return explainGap(gap);
      },
    };
    const sources = shared.map((topic, index) => ({
      source: { hubs, topic, after: heads[index] ?? null, start: "newest" as const, explainGap },
    }));
    return new MergedStream<SessionStreamEvent>([{ source: ownSource, endsAll: true }, ...sources], {
      lastEventId: from.id,
      signal,
      prelude: (isContinued) => this.#greet(session, from.own !== null && isContinued),
    });
  }

  /** Ids of a session have places in the logs of its user: another user's are no ids here, which is not to be told. */
  async #readPlaces(
    session: Pick<ConnectedSession, "requestId" | "userId">,
    topics: readonly TopicKey[],
    lastEventId: string | null | undefined,
  ): Promise<Beginning> {
    try {
      return readPlaces(topics, lastEventId);
    } catch (error) {
      await this.options.connections.requireOwn(session);
      throw error;
    }
  }

  async #snapshot({ requestId, userId }: ConnectedSession) {
    const [version, tasks] = await Promise.all([
      this.options.versionFor(requestId),
      this.options.listTasks(userId),
    ]);
    return { version, tasks };
  }

  async *#greet(
    { requestId, connectionId }: ConnectedSession,
    resumed: boolean,
  ): AsyncGenerator<SessionEvent, void> {
    yield { type: "session.opened", timestamp: new Date(), requestId, connectionId, resumed };
    try {
      yield {
        type: "version.announced",
        timestamp: new Date(),
        ...(await this.options.versionFor(requestId)),
      };
    } catch (error) {
      // The next connect tries again.
      this.options.onError(error);
    }
  }
}

interface Beginning {
  /** The place in the session's own log; `null`: that of the connection. */
  readonly own: Cursor | "ended" | null;
  /** An id with a place in each of the logs. */
  readonly id: string | null;
}

/** @throws AppError `CURSOR_INVALID` */
function readPlaces(topics: readonly TopicKey[], lastEventId: string | null | undefined): Beginning {
  if (!lastEventId) return { own: null, id: null };
  const ordered = inOrder(topics, (topic) => topic);
  const places = new MergedPlaces(ordered).read(lastEventId);
  const own = places?.[ordered.findIndex((topic) => topic === topics[0])];
  if (own) return { own, id: lastEventId };
  if (lastEventId.endsWith(formerEndSuffix)) return { own: "ended", id: null };
  // An id of 0.1 is a cursor of another log: it leads to a gap.
  return { own: readStreamRequest({ lastEventId }).after, id: null };
}

/** Where a log ends as far as this process knows: what it does not know yet comes after that. */
async function headOf(hubs: TopicHubs, topic: TopicKey): Promise<Cursor> {
  using lease = await hubs.acquire(topic);
  return lease.hub.head;
}

function replaced(requestId: string): SessionEvent {
  return { type: "session.replaced", timestamp: new Date(), requestId };
}
