import { formatCursor } from "@jobwire/shared";
import type {
  EventSchemas,
  KeySchema,
  TopicDefinition,
  TopicEvent,
  TopicEventInput,
  TopicGapWith,
  TopicKeyFields,
  TopicStreamEvent,
} from "@jobwire/shared";
import type { EventStream } from "../streams/event-stream.js";
import type { Readable } from "../streams/readable-store.js";
import { FilteredStream } from "../streams/filtered-stream.js";
import { gapEvent, readStreamRequest } from "../streams/stream-request.js";
import type { TopicHubs } from "../streams/topic-hubs.js";
import { readTopic, TopicStream } from "../streams/topic-stream.js";
import { readKey } from "./event-input.js";
import { pipeInto, type PipeOptions } from "./pipe.js";
import type { ReadableEntries } from "./readable-entries.js";
import type { FeedEvent, FeedOptions, StreamingOptions, StreamOptions } from "./streaming-options.js";
import { plainDecisionSaid, type Decision } from "./topic-decision.js";
import {
  TopicListing,
  type ListedState,
  type ListOptions,
  type SelectionOptions,
  type StateList,
} from "./topic-listing.js";
import type { TopicLog } from "./topic-log.js";
import { removedType } from "./topic-feeds.js";
import type { TopicRepair } from "./topic-repair.js";
import { TopicSources } from "./topic-sources.js";

/** How events are published. */
export interface PublishOptions {
  /** For a caller that may try again: of the calls with one key within ten minutes only the first publishes. */
  readonly idempotencyKey?: string;
}

type OneOrMore<Item> = Item | readonly Item[];

/**
 * One definition on a server: its logs and their states.
 *
 * Every call rejects with `STORE_UNAVAILABLE` when the store does not answer in time, and with `INPUT_INVALID`, which
 * names the field, when the key or an event does not fit the definition. These are `TRPCError`s, with `reason`.
 */
export class TopicHandle<Name extends string, Key extends KeySchema, Events extends EventSchemas, State> {
  readonly #hubs: TopicHubs;
  readonly #coalesceMs: number;
  readonly #log: TopicLog<State>;
  readonly #entries: ReadableEntries;
  readonly #listing: TopicListing<Key, State>;
  readonly #sources: TopicSources<Name, Key, Events, State>;

  constructor(
    readonly definition: TopicDefinition<Name, Key, Events, State>,
    { log, entries, repair, hubs, coalesceMs }: HandleParts<State>,
  ) {
    this.#log = log;
    this.#entries = entries;
    this.#hubs = hubs;
    this.#coalesceMs = coalesceMs;
    this.#listing = new TopicListing(log, entries, repair);
    this.#sources = new TopicSources(definition, { log, entries, hubs, coalesceMs });
  }

  /**
   * Appends one event, or several in one commit.
   * @throws AppError `TOPIC_ENDED` after an event that ends the log; `EVENT_NOT_APPLICABLE` when `apply` throws;
   * `TOPIC_BUSY` when others were faster again and again. Nothing was written then.
   */
  publish(
    key: TopicKeyFields<Key>,
    event: TopicEventInput<Key, Events>,
    options?: PublishOptions,
  ): Promise<{ readonly id: string }>;
  publish(
    key: TopicKeyFields<Key>,
    events: readonly TopicEventInput<Key, Events>[],
    options?: PublishOptions,
  ): Promise<{ readonly ids: readonly string[] }>;
  async publish(
    key: TopicKeyFields<Key>,
    events: OneOrMore<TopicEventInput<Key, Events>>,
    { idempotencyKey }: PublishOptions = {},
  ): Promise<{ readonly id: string } | { readonly ids: readonly string[] }> {
    const all: readonly unknown[] = [events].flat();
    const { ids } = await this.#log.change(key, () => ({ events: all }), idempotencyKey);
    return Array.isArray(events) ? { ids } : { id: ids[0] ?? "" };
  }

  /**
   * Decides by the state (`null`: there is none) which events to append, and appends them in one atomic step with the
   * state they lead to. `decide` runs again when another writer was faster; what it throws is thrown here. A change of the same
   * key belongs into what it returns: a call of its own waits a second for this one, which then decides again.
   * @throws as `publish`
   */
  async change(
    key: TopicKeyFields<Key>,
    decide: (
      state: State | null,
    ) =>
      | Decision<State, TopicEventInput<Key, Events>>
      | Promise<Decision<State, TopicEventInput<Key, Events>>>,
    { idempotencyKey }: PublishOptions = {},
  ): Promise<{ readonly state: State | null; readonly ids: readonly string[] }> {
    return this.#log.change(key, (state) => plainDecisionSaid(decide(state)), idempotencyKey);
  }

  /** What the events of this log have come to; `null` when there were none. @throws AppError `STATE_UNREADABLE` */
  async state(key: TopicKeyFields<Key>): Promise<State | null> {
    return (await this.#log.read(readKey(this.definition, key).text))?.state ?? null;
  }

  /** States by key, those that cannot be read left out. */
  list(options: ListOptions<TopicKeyFields<Key>> = {}): Promise<StateList<TopicKeyFields<Key>, State>> {
    return this.#listing.list(options);
  }

  /** All that `list` would list, read page by page. */
  all(
    options: SelectionOptions<TopicKeyFields<Key>> = {},
  ): AsyncIterable<ListedState<TopicKeyFields<Key>, State>> {
    return this.#listing.all(options);
  }

  /** How many states each of these indexes lists, exactly; without names: each index that lists any. */
  counts(): Promise<Readonly<Record<string, number>>>;
  counts<Index extends string>(indexes: readonly Index[]): Promise<Readonly<Record<Index, number>>>;
  counts(indexes?: readonly string[]): Promise<Readonly<Record<string, number>>> {
    return this.#listing.counts(indexes);
  }

  /** How many states `list` would list in all, page by page. It looks at each of them; `counts` does not. */
  count(options: SelectionOptions<TopicKeyFields<Key>> = {}): Promise<number> {
    return this.#listing.count(options);
  }

  /**
   * The events of one log after `lastEventId`, retained ones first, then live ones. It completes after an event that ends
   * the log. What cannot be continued is said by `stream.gap`, with the state as its snapshot.
   * @param input What `definition.streamInput` reads.
   * @throws AppError `CURSOR_INVALID`, `INPUT_INVALID`
   */
  stream<Snapshot = State | null, Last extends { readonly type: string } = never>(
    input: TopicKeyFields<Key> & StreamOptions<keyof Events & string>,
    { signal, snapshot, only, mark }: StreamingOptions<State, Snapshot, TopicEvent<Key, Events>, Last> = {},
  ): EventStream<TopicEvent<Key, Events> | TopicGapWith<Name, Key, Snapshot> | NoInfer<Last>> {
    const source = this.#sources.of(input, { signal, snapshot, mark });
    if (!only) return new TopicStream(source);
    // What is no control event is one of the definition's.
    return new FilteredStream(
      source,
      (event) => event.type.startsWith("stream.") || only(event as TopicEvent<Key, Events>),
    );
  }

  /**
   * The events that `feeds` has put under this name, of whatever key, and `stream.removed` when one of them was removed, also
   * when `types` asks for others. It does not complete.
   * @throws AppError `CURSOR_INVALID`
   */
  feed<Snapshot>(
    name: string,
    { lastEventId, types, replay }: StreamOptions<keyof Events & string>,
    { signal, snapshot }: FeedOptions<Snapshot>,
  ): EventStream<FeedEvent<Key, Events, Snapshot>> {
    return new TopicStream<FeedEvent<Key, Events, Snapshot>>({
      hubs: this.#hubs,
      ...readStreamRequest({ lastEventId, types: types && [...types, removedType], signal }),
      topic: this.#log.feedOf(name),
      start: replay === "none" ? "newest" : "oldest",
      readable: this.#entries.readable satisfies Readable,
      coalesceMs: this.#coalesceMs,
      explainGap: async (gap) => gapEvent(gap, await snapshot(gap)),
    });
  }

  /** The id of the newest event of one log; `null` when there was none. */
  async newestId(key: TopicKeyFields<Key>): Promise<string | null> {
    const { text } = readKey(this.definition, key);
    const { cursor } = await this.#log.options.store.head(this.#log.topicOf(text));
    return cursor.offset === 0 ? null : formatCursor(cursor);
  }

  /** What is retained of one log by now, oldest first. What goes missing meanwhile is said by `stream.gap`. */
  async *history(
    key: TopicKeyFields<Key>,
    signal: AbortSignal = new AbortController().signal,
  ): AsyncGenerator<
    { readonly id: string; readonly event: TopicStreamEvent<Name, Key, Events, State> },
    void
  > {
    for await (const item of readTopic(this.#sources.of<State | null>(key, { signal }), signal)) {
      if (item.kind === "live") return;
      yield { id: item.id, event: item.event };
    }
  }

  /** Appends what a source yields: tokens, lines, steps. See `PipeOptions`. @throws what the source throws; as `publish` */
  pipe(
    key: TopicKeyFields<Key>,
    source: AsyncIterable<TopicEventInput<Key, Events>> | Iterable<TopicEventInput<Key, Events>>,
    options?: PipeOptions<TopicEventInput<Key, Events>>,
  ): Promise<{ readonly events: number }> {
    return pipeInto(
      (events, idempotencyKey) => this.publish(key, events, { idempotencyKey }),
      source,
      options,
    );
  }

  /**
   * Drops the log and its state at once; streams of it end, its feeds say so.
   * @returns false when there was nothing, or `when` does not hold.
   */
  remove(
    key: TopicKeyFields<Key>,
    {
      when,
    }: {
      /** Only while this holds of its state. */
      readonly when?: (state: State) => boolean;
    } = {},
  ): Promise<boolean> {
    return this.#log.remove(key, when);
  }

  /** What could not be read by this definition since it was opened: events and states that another one has written. */
  statistics(): { readonly unreadableEvents: number; readonly unreadableStates: number } {
    return this.#entries.statistics;
  }
}

export interface HandleParts<State> {
  readonly log: TopicLog<State>;
  readonly entries: ReadableEntries;
  readonly repair: TopicRepair<State>;
  readonly hubs: TopicHubs;
  readonly coalesceMs: number;
}
