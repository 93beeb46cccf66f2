import type { StreamRemoved } from "@jobwire/shared";
import type { NewEvent } from "../store/store.js";
import { encodeEvent } from "../streams/event-codec.js";
import { toEntries, type InputDefinition, type PlainEvent, type PlainKey } from "./event-input.js";
import { feedTopic } from "./topic-names.js";

export interface TopicFeedsOptions<State> {
  readonly definition: InputDefinition;
  /** Further logs of an event, or of the news that something was removed. */
  readonly feedsOf: (state: State | null, event: PlainEvent | null) => readonly string[];
  readonly retainMs: number;
}

/** Says in a feed that a log is gone. */
export const removedType: StreamRemoved["type"] = "stream.removed";

/** What goes into the feeds of a definition, beside its logs. */
export class TopicFeeds<State> {
  constructor(private readonly options: TopicFeedsOptions<State>) {}

  entriesOf(keyText: string, events: readonly PlainEvent[], state: State | null): NewEvent[] {
    const { definition, feedsOf } = this.options;
    return events.flatMap((event) => {
      const feeds = feedsOf(state, event);
      return feeds.length === 0 ? [] : this.#to(feeds, toEntries(definition, keyText, [event]));
    });
  }

  removalOf(key: PlainKey, state: State | null): NewEvent[] {
    const body = encodeEvent({ type: removedType, timestamp: new Date(), ...key });
    return this.#to(this.options.feedsOf(state, null), [{ topic: "", type: removedType, body }]);
  }

  /** A feed does not end with one of its logs, and is forgotten when nothing comes any more. */
  #to(feeds: readonly string[], entries: readonly NewEvent[]): NewEvent[] {
    const idleMs = this.options.retainMs;
    return [...new Set(feeds)].flatMap((name) =>
      entries.map((entry) => ({ ...entry, topic: feedTopic(name), last: false, idleMs })),
    );
  }
}
