import type {
  EventSchemas,
  KeySchema,
  StreamGap,
  StreamRemoved,
  TopicEvent,
  TopicKeyFields,
} from "@jobwire/shared";

/** How one log is streamed. */
export interface StreamingOptions<State, Snapshot, Event extends { readonly type: string }, Last> {
  /** Ends the stream. */
  readonly signal?: AbortSignal | undefined;
  /** What a gap tells in place of the state. */
  readonly snapshot?: ((state: State | null) => Snapshot | Promise<Snapshot>) | undefined;
  /** Only these events, by what they say. It costs a look at each event for each such stream. */
  readonly only?: ((event: Event) => boolean) | undefined;
  /** Events that are about the stream itself. Not together with `only`, nor with `types`. */
  readonly mark?: TopicMark<Event, Last> | undefined;
}

/** Events of one type that are not sent: they are read, and may end the stream. */
export interface TopicMark<Event extends { readonly type: string }, Last> {
  readonly type: Event["type"];
  /** Makes the last event of the stream of one; `null`: the stream goes on. */
  readonly read: (event: Event) => Last | null;
}

/** What a feed yields: events of any key, gaps, and which log was removed. */
export type FeedEvent<Key extends KeySchema, Events extends EventSchemas, Snapshot> =
  | TopicEvent<Key, Events>
  | StreamGap<Snapshot>
  | (StreamRemoved & TopicKeyFields<Key>);

/** How a feed is streamed. */
export interface FeedOptions<Snapshot> {
  /** Ends the stream. */
  readonly signal?: AbortSignal | undefined;
  /** What a gap tells in place of what is missing. */
  readonly snapshot: (gap: { readonly from: string; readonly to: string }) => Promise<Snapshot>;
}

/** As a stream's input has them beside the key. */
export interface StreamOptions<Type extends string> {
  readonly lastEventId?: string | null | undefined;
  readonly types?: readonly Type[] | undefined;
  readonly replay?: "all" | "none" | undefined;
}
