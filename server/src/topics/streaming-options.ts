import type {
  EventSchemas,
  KeySchema,
  StreamGap,
  StreamRemoved,
  TopicEvent,
  TopicKeyFields,
} from "@jobwire/shared";

export interface StreamingOptions<State, Snapshot, Event extends { readonly type: string }, Last> {
  readonly signal?: AbortSignal | undefined;
  readonly snapshot?: ((state: State | null) => Snapshot | Promise<Snapshot>) | undefined;
  readonly only?: ((event: Event) => boolean) | undefined;
  /** Not together with `only`, nor with `types`. */
  readonly mark?: TopicMark<Event, Last> | undefined;
}

/** Events of one type that are not sent. What `read` makes of one, if anything, is the last event of the stream. */
export interface TopicMark<Event extends { readonly type: string }, Last> {
  readonly type: Event["type"];
  readonly read: (event: Event) => Last | null;
}

export type FeedEvent<Key extends KeySchema, Events extends EventSchemas, Snapshot> =
  | TopicEvent<Key, Events>
  | StreamGap<Snapshot>
  | (StreamRemoved & TopicKeyFields<Key>);

export interface FeedOptions<Snapshot> {
  readonly signal?: AbortSignal | undefined;
  readonly snapshot: (gap: { readonly from: string; readonly to: string }) => Promise<Snapshot>;
}

/** As a stream's input has them beside the key. */
export interface StreamOptions<Type extends string> {
  readonly lastEventId?: string | null | undefined;
  readonly types?: readonly Type[] | undefined;
  readonly replay?: "all" | "none" | undefined;
}
