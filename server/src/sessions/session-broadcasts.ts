import type { SessionEvent } from "@jobwire/shared";
import type { Committed, StateChange, StateRecord, Store } from "../store/store.js";
import { encodeEvent } from "../streams/event-codec.js";
import { batchesOf } from "./batches.js";
import type { Audience, SessionDirectory } from "./session-directory.js";
import { sessionKey, sessionsScope } from "./session-keys.js";
import type { SessionRecord } from "./session-record.js";
import type { SessionRetention } from "./session-retention.js";

export interface Broadcast {
  readonly audience: Audience;
  readonly events: readonly SessionEvent[];
  /** Changes in one commit with the events, in the scope of the sessions; a guard that refuses it refuses all. */
  readonly state: StateChange;
  /** Drops the state after so many milliseconds; 0 drops it now. */
  readonly retainMs?: number;
}

export type Broadcasted =
  | {
      readonly accepted: true;
      /** How many live connections the events were committed for. */ readonly delivered: number;
    }
  | {
      readonly accepted: false;
      /** The state the guard refused; `null` when there is none. */ readonly state: StateRecord | null;
    };

/** How much one commit writes, to how many logs: little enough to let others in between. */
const maxTopicsPerCommit = 256;
const maxBytesPerCommit = 4_194_304;

export interface SessionBroadcastsOptions {
  readonly store: Store;
  readonly directory: SessionDirectory;
  readonly retention: SessionRetention;
}

/** Writes to the logs of sessions. Those that are away for a moment find it in their log when they are back. */
export class SessionBroadcasts {
  constructor(private readonly options: SessionBroadcastsOptions) {}

  /**
   * Sends events to sessions. No session at all is no error.
   * @returns for how many live connections they were committed.
   * @throws AppError `STORE_UNAVAILABLE`: some sessions may have got them.
   */
  async send(audience: Audience, events: readonly SessionEvent[]): Promise<number> {
    const entries = encode(events);
    const sessions = await this.#reachable(audience);
    for (const batch of batchesOf(sessions, topicsPerCommit(entries))) await this.#append(batch, entries);
    return this.#countLive(sessions);
  }

  /**
   * Changes a state and sends the events that say so. The state and the events for the first sessions, up to 256, are one
   * commit; those for more sessions follow in further commits.
   * @throws AppError `STORE_UNAVAILABLE`: the state may have changed, and some sessions may have got the events.
   */
  async commit({ audience, events, ...change }: Broadcast): Promise<Broadcasted> {
    const entries = encode(events);
    const size = topicsPerCommit(entries);
    const sessions = await this.#reachable(audience);
    const [first = [], ...rest] = batchesOf(sessions, size);
    const committed = await this.#append(first, entries, change);
    if (!committed.accepted) return committed;
    // Those that have come since these were read may have read the state of before.
    const reached = new Set(sessions.map(({ requestId }) => requestId));
    const late = (await this.#reachable(audience)).filter(({ requestId }) => !reached.has(requestId));
    for (const batch of [...rest, ...batchesOf(late, size)]) await this.#append(batch, entries);
    return { accepted: true, delivered: await this.#countLive([...sessions, ...late]) };
  }

  #append(
    sessions: readonly SessionRecord[],
    entries: readonly Entry[],
    change?: Pick<Broadcast, "state" | "retainMs">,
  ): Promise<Committed> {
    return this.options.store.commit({
      scope: sessionsScope,
      ...change,
      events: sessions.flatMap(({ requestId }) =>
        entries.map((event) => ({ topic: sessionKey(requestId), ...event })),
      ),
    });
  }

  async #countLive(sessions: readonly SessionRecord[]): Promise<number> {
    const processes = await this.options.directory.liveProcesses();
    return sessions.filter(({ endedAt, process }) => !endedAt && processes.has(process)).length;
  }

  async #reachable(audience: Audience): Promise<SessionRecord[]> {
    const { directory, retention } = this.options;
    const sessions: SessionRecord[] = [];
    for await (const page of directory.pagesOf(audience)) {
      sessions.push(...page.filter((session) => retention.isReachable(session)));
    }
    return sessions;
  }
}

interface Entry {
  readonly type: string;
  readonly body: string;
}

function encode(events: readonly SessionEvent[]): Entry[] {
  return events.map((event) => ({ type: event.type, body: encodeEvent(event) }));
}

function topicsPerCommit(entries: readonly Entry[]): number {
  const bytes = entries.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
  return Math.min(maxTopicsPerCommit, Math.max(1, Math.floor(maxBytesPerCommit / Math.max(1, bytes))));
}
