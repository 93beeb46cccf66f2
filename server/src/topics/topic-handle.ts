import type {
  EventSchemas,
  KeySchema,
  StreamGap,
  TopicDefinition,
  TopicEventInput,
  TopicKeyFields,
  TopicStreamEvent,
} from "@jobwire/shared";
import { z } from "zod";
import { AppError } from "../app-error.js";
import type { EventStream } from "../streams/event-stream.js";
import type { Readable } from "../streams/readable-store.js";
import { SharedReads } from "../streams/shared-reads.js";
import type { Expected } from "../streams/stream-source.js";
import { gapEvent, readStreamRequest } from "../streams/stream-request.js";
import type { TopicHubs } from "../streams/topic-hubs.js";
import { TopicStream } from "../streams/topic-stream.js";
import { readKey, type PlainKey } from "./event-input.js";
import { pipeInto, type PipeOptions } from "./pipe.js";
import type { ReadableEntries } from "./readable-entries.js";
import { allIndex, stampField, type TopicLog } from "./topic-log.js";

export interface PublishOptions {
  /** For a caller that may try again: of the calls with one key within ten minutes only the first publishes. */
  readonly idempotencyKey?: string;
}

export interface ListOptions {
  /** Only states in this index; default: all. */
  readonly index?: string;
  /** By key. Default `ascending`. */
  readonly order?: "ascending" | "descending";
  /** 1 to 1000; default 100. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | null;
}

export interface ListedState<Key, State> {
  readonly key: Key;
  readonly state: State;
}

export interface StateList<Key, State> {
  readonly items: readonly ListedState<Key, State>[];
  /** `null` on the last page. */
  readonly nextCursor: string | null;
}

const listSchema = z.strictObject({
  index: z.string().max(512).optional(),
  order: z.enum(["ascending", "descending"]).default("ascending"),
  limit: z.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(2048).nullish(),
});

type OneOrMore<Item> = Item | readonly Item[];

/**
 * One definition on a server: its logs and their states.
 *
 * Every call rejects with `STORE_UNAVAILABLE` when the store does not answer in time, and with `INPUT_INVALID`, which
 * names the field, when the key or an event does not fit the definition. These are `TRPCError`s, with `reason`.
 */
export class TopicHandle<Name extends string, Key extends KeySchema, Events extends EventSchemas, State> {
  readonly #snapshots = new SharedReads<Snapshot<State>>();

  constructor(
    readonly definition: TopicDefinition<Name, Key, Events, State>,
    private readonly log: TopicLog<State>,
    private readonly hubs: TopicHubs,
    private readonly entries: ReadableEntries,
  ) {}

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
    const { ids } = await this.log.change(key, () => all, idempotencyKey);
    return Array.isArray(events) ? { ids } : { id: ids[0] ?? "" };
  }

  /**
   * Decides by the state (`null`: there is none) which events to append, and appends them in one atomic step with the
   * state they lead to. `decide` runs again when another writer was faster; what it throws is thrown here.
   * @throws as `publish`
   */
  async change(
    key: TopicKeyFields<Key>,
    decide: (
      state: State | null,
    ) => OneOrMore<TopicEventInput<Key, Events>> | Promise<OneOrMore<TopicEventInput<Key, Events>>>,
    { idempotencyKey }: PublishOptions = {},
  ): Promise<{ readonly state: State | null; readonly ids: readonly string[] }> {
    return this.log.change(key, async (state) => [await decide(state)].flat(), idempotencyKey);
  }

  /** What the events of this log have come to; `null` when there were none. @throws AppError `STATE_UNREADABLE` */
  async state(key: TopicKeyFields<Key>): Promise<State | null> {
    return (await this.log.read(readKey(this.definition, key).text))?.state ?? null;
  }

  /** States by key, those that cannot be read left out. */
  async list(options: ListOptions = {}): Promise<StateList<TopicKeyFields<Key>, State>> {
    const { index, order, limit, cursor } = this.#readList(options);
    const page = await this.log.options.store.listStates({
      scope: this.log.scope,
      index: index === undefined ? allIndex : `by ${index}`,
      order,
      limit,
      ...(cursor && { after: cursor }),
    });
    const items = page.items.flatMap(({ key, state }) => {
      const record = this.entries.stateOrNull(key, () => this.log.recordOf(state));
      return record ? [{ key: record.key as TopicKeyFields<Key>, state: record.state }] : [];
    });
    return { items, nextCursor: page.next };
  }

  /** How many states each of these indexes lists, exactly; without names: each index that lists any. */
  async counts(): Promise<Readonly<Record<string, number>>>;
  async counts<Index extends string>(indexes: readonly Index[]): Promise<Readonly<Record<Index, number>>>;
  async counts(indexes?: readonly string[]): Promise<Readonly<Record<string, number>>> {
    const counts = await this.log.options.store.countStates(this.log.scope);
    const names =
      indexes ?? Object.keys(counts).flatMap((name) => (name === allIndex ? [] : [name.slice("by ".length)]));
    return Object.fromEntries(names.map((name) => [name, counts[`by ${name}`] ?? 0]));
  }

  /**
   * The events of one log after `lastEventId`, retained ones first, then live ones. It completes after an event that ends
   * the log. What cannot be continued is said by `stream.gap`, with the state as its snapshot.
   * @param input What `definition.streamInput` reads.
   * @throws AppError `CURSOR_INVALID`, `INPUT_INVALID`
   */
  stream(
    input: TopicKeyFields<Key> & StreamOptions<keyof Events & string>,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): EventStream<TopicStreamEvent<Name, Key, Events, State>> {
    const { lastEventId, types, replay, ...rest } = input;
    const { key, text } = readKey(this.definition, rest);
    return new TopicStream<TopicStreamEvent<Name, Key, Events, State>>({
      hubs: this.hubs,
      ...readStreamRequest({ lastEventId, types, signal }),
      topic: this.log.topicOf(text),
      start: replay === "none" ? "newest" : "oldest",
      readable: this.entries.readable satisfies Readable,
      expects: () => this.#expected(text),
      explainGap: async (gap) => {
        const { state, at } = await this.#snapshots.read(`${text} ${gap.to}`, () => this.#snapshot(text));
        return this.#gap(key, { ...gapEvent(gap, state), snapshotAt: at });
      },
    });
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

  /** Drops the log and its state at once; streams of it end. @returns false when there was nothing. */
  remove(key: TopicKeyFields<Key>): Promise<boolean> {
    return this.log.remove(key);
  }

  /** What could not be read by this definition since it was opened: events and states that another one has written. */
  statistics(): { readonly unreadableEvents: number; readonly unreadableStates: number } {
    return this.entries.statistics;
  }

  async #snapshot(keyText: string): Promise<Snapshot<State>> {
    const { store } = this.log.options;
    const record = await store.readState({ scope: this.log.scope, key: keyText });
    const read = this.entries.stateOrNull(keyText, () => this.log.recordOf(record));
    return { state: read ? read.state : null, at: (read && record?.[stampField]) ?? null };
  }

  /** A log that has nothing although there is a state has lost it. */
  async #expected(keyText: string): Promise<Expected | "nothing"> {
    if (!this.definition.state) return "nothing";
    const record = await this.log.options.store.readState({ scope: this.log.scope, key: keyText });
    if (!record) return "nothing";
    return record.ended === "1" ? "end" : "events";
  }

  #gap(
    key: PlainKey,
    gap: StreamGap<State | null> & { readonly snapshotAt: string | null },
  ): TopicStreamEvent<Name, Key, Events, State> {
    // The key has the fields that its schema says.
    return { ...gap, topic: this.definition.name, ...key } as TopicStreamEvent<Name, Key, Events, State>;
  }

  #readList(options: ListOptions) {
    const result = listSchema.safeParse(options);
    if (result.success) return result.data;
    throw new AppError(
      "INPUT_INVALID",
      `The list of ${this.definition.name} is invalid\n${z.prettifyError(result.error)}`,
    );
  }
}

interface Snapshot<State> {
  readonly state: State | null;
  /** The newest event that it has. */
  readonly at: string | null;
}

/** As a stream's input has them beside the key. */
interface StreamOptions<Type extends string> {
  readonly lastEventId?: string | null | undefined;
  readonly types?: readonly Type[] | undefined;
  readonly replay?: "all" | "none" | undefined;
}
