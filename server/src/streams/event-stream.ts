import { formatCursor, type Cursor, type StreamGapReason } from "@jobwire/shared";
import { tracked, type TrackedEnvelope } from "@trpc/server";
import type { TopicKey } from "../store/store.js";
import { decodeEvent } from "./event-codec.js";
import type { TopicHubs } from "./topic-hubs.js";

export interface EventStreamOptions<Event> {
  readonly hubs: TopicHubs;
  readonly topic: TopicKey;
  /** Where to continue; without it `start` says where the stream begins. */
  readonly after: Cursor | null;
  readonly start: "oldest" | "newest";
  /** Only these types, when given. What `explainGap` makes is delivered always. */
  readonly types?: ReadonlySet<string> | undefined;
  /** Makes the control event that says what is missing, with the state of now. */
  readonly explainGap: (gap: Gap) => Promise<Event>;
  /** Ends the stream: the caller went away. */
  readonly signal?: AbortSignal | undefined;
}

/** The events after `from` up to and including `to` cannot be had. */
export interface Gap {
  readonly reason: StreamGapReason;
  readonly from: string;
  readonly to: string;
}

/**
 * What a subscription returns: the events of one topic after a cursor, retained ones first, then live ones, in order,
 * once each, tracked by their cursor. It completes after the entry that closes its topic.
 */
export class EventStream<Event> implements AsyncIterable<TrackedEnvelope<Event>, void> {
  constructor(private readonly options: EventStreamOptions<Event>) {}

  [Symbol.asyncIterator](): AsyncGenerator<TrackedEnvelope<Event>, void> {
    const closing = new AbortController();
    const { signal } = this.options;
    const events = this.#deliver(signal ? AbortSignal.any([signal, closing.signal]) : closing.signal);
    const end = events.return.bind(events);
    // A generator that waits cannot take a `return` until it wakes up.
    events.return = (value) => {
      closing.abort();
      return end(value);
    };
    return events;
  }

  async *#deliver(signal: AbortSignal): AsyncGenerator<TrackedEnvelope<Event>, void> {
    const { hubs, topic, after, start, types, explainGap } = this.options;
    using lease = await hubs.acquire(topic);
    let position = after ?? (start === "newest" ? lease.hub.head : null);
    for (;;) {
      const read = await lease.hub.next(position, signal);
      if (read.kind === "end") return;
      if (read.kind === "gap") {
        const to = formatCursor(read.resumeAfter);
        const from = position ? formatCursor(position) : to;
        position = read.resumeAfter;
        yield tracked(to, await explainGap({ reason: read.reason, from, to }));
        continue;
      }
      for (const { offset, type, body, last } of read.entries) {
        if (signal.aborted) return;
        position = { epoch: read.epoch, offset };
        if (!types || types.has(type)) yield tracked(formatCursor(position), decodeEvent<Event>(body));
        if (last) return;
      }
    }
  }
}
