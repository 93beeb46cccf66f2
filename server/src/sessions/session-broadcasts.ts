import type { SessionEvent } from "@jobwire/shared";
import type { Committed, NewEvent, StateChange, Store, TopicKey } from "../store/store.js";
import { encodeEvent } from "../streams/event-codec.js";
import type { SessionDirectory } from "./session-directory.js";
import { everybodyTopic, liveIndex, sessionsScope, sessionTopic, userTopic } from "./session-keys.js";
import type { SessionRetention } from "./session-retention.js";

/** Whom something is for: every session, those of one user, or one. */
export type Audience = "all" | { readonly userId: string } | { readonly requestId: string };

export interface Broadcast {
  readonly audience: Audience;
  readonly events: readonly SessionEvent[];
  /** Changes in one commit with the events, in the scope of the sessions; a guard that refuses it refuses all. */
  readonly state?: StateChange;
  /** Drops the state after so many milliseconds; 0 drops it now. */
  readonly retainMs?: number;
}

export interface SessionBroadcastsOptions {
  readonly store: Store;
  readonly directory: SessionDirectory;
  readonly retention: SessionRetention;
}

/**
 * Writes to a log that everybody in an audience follows: one commit, however many they are. Those that are away for a
 * moment find it there when they are back.
 */
export class SessionBroadcasts {
  constructor(private readonly options: SessionBroadcastsOptions) {}

  /** No session at all is no error. @throws AppError `STORE_UNAVAILABLE` */
  async commit({ audience, events, ...change }: Broadcast): Promise<Committed> {
    const { store, retention } = this.options;
    const topic = await this.#topicOf(audience);
    return store.commit({
      scope: sessionsScope,
      ...change,
      // The log of one session is kept as long as the session is.
      events: topic ? entriesOf(topic, events, isShared(audience) ? retention.retainMs : undefined) : [],
    });
  }

  /** Sends events. @returns how many live connections they are for. @throws AppError `STORE_UNAVAILABLE` */
  async send(
    audience: Exclude<Audience, { userId: string }>,
    events: readonly SessionEvent[],
  ): Promise<number> {
    await this.commit({ audience, events });
    return this.countLive(audience);
  }

  /** How many of these sessions are connected to a process that is alive. @throws AppError `STORE_UNAVAILABLE` */
  async countLive(audience: Exclude<Audience, { userId: string }>): Promise<number> {
    const { store, directory } = this.options;
    if (audience !== "all") {
      const session = await directory.find(audience.requestId);
      if (!session || session.endedAt) return 0;
      return (await directory.liveProcesses()).has(session.process) ? 1 : 0;
    }
    const processes = [...(await directory.liveProcesses())].map(liveIndex);
    const counts = await store.countStates(sessionsScope, processes);
    return Object.values(counts).reduce((sum, count) => sum + count, 0);
  }

  /** `null`: there is no session to write to. */
  async #topicOf(audience: Audience): Promise<TopicKey | null> {
    if (audience === "all") return everybodyTopic;
    if ("userId" in audience) return userTopic(audience.userId);
    const session = await this.options.directory.find(audience.requestId);
    return session && this.options.retention.isReachable(session) ? sessionTopic(audience.requestId) : null;
  }
}

function isShared(audience: Audience): boolean {
  return audience === "all" || "userId" in audience;
}

function entriesOf(
  { topic }: TopicKey,
  events: readonly SessionEvent[],
  idleMs: number | undefined,
): NewEvent[] {
  return events.map((event) => ({
    topic,
    type: event.type,
    body: encodeEvent(event),
    ...(idleMs !== undefined && { idleMs }),
  }));
}
