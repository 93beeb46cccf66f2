import type {
  EventSchemas,
  KeySchema,
  TopicDefinition,
  TopicEvent,
  TopicEventInput,
  TopicKeyFields,
} from "@jobwire/shared";
import type { Store } from "../store/store.js";
import type { Telemetry } from "../store/telemetry.js";
import { TracedStore } from "../store/traced-store.js";
import type { EventStream } from "../streams/event-stream.js";
import { MergedStream, type MergeOptions } from "../streams/merged-stream.js";
import type { StreamSource } from "../streams/stream-source.js";
import { TopicHubs } from "../streams/topic-hubs.js";
import { TopicStream } from "../streams/topic-stream.js";
import { startDueLoop, type DueLoop } from "./due-loop.js";
import { ReadableEntries } from "./readable-entries.js";
import type { JobwireStore } from "./stores.js";
import { TopicHandle } from "./topic-handle.js";
import { plainDecisionOf, type Decision } from "./topic-decision.js";
import { TopicLog } from "./topic-log.js";
import type { StoredForm } from "./topic-record.js";
import { allIndex, indexesThatList, indexOf } from "./topic-names.js";
import { expectDate, expectLimits } from "./topic-limits.js";
import { TopicRepair } from "./topic-repair.js";
import type { TopicTimes } from "./topic-times.js";

/** Where logs are kept, for how long, and who hears of trouble. Only `store` is needed. */
export interface JobwireOptions {
  readonly store: JobwireStore;
  /** How many events of a log are kept: the newest so many. A whole number; default 1000. */
  readonly maxEvents?: number;
  /** How many bytes of a log are kept. A whole number; default 16 MiB. */
  readonly maxBytes?: number;
  /** How long an ended log is kept after its end, and one without a state after its newest event: 1 to a hundred years. Default a day. */
  readonly retainMs?: number;
  /**
   * Events of so many milliseconds are written to their readers together, 0 to 1000: fewer writes, and up to so much latency.
   * Default 0: those that come in one turn of the event loop.
   */
  readonly coalesceMs?: number;
  /** Hears of background work that failed and is tried again. Default: a warning of the process. */
  readonly onError?: (error: unknown) => void;
  /** Hears of what the operator of the store should mend, and of data that no definition here can read. */
  readonly onWarning?: (warning: string) => void;
  /** Traces what is published, committed and delivered: `openTelemetry()` of `@jobwire/server/otel`. */
  readonly telemetry?: Telemetry | undefined;
  /** Called once for each change between reachable and not. */
  readonly onReachable?: (reachable: boolean, error?: unknown) => void;
}

/** What a server does with a topic. All of it may be left out. */
export interface TopicOptions<Key, State, Event, Input> {
  /** Names the indexes that list a state: any texts, 10,000 at most, moved in the commit that changes the state. */
  readonly index?: (state: State, key: Key) => readonly string[];
  /** The text that `search` of a list looks in. Default: none. */
  readonly search?: (state: State, key: Key) => string;
  /** How a state is kept in the store. Default: as it is. */
  readonly stored?: StoredForm<State, Key>;
  /**
   * Names of indexes of which each state is in one at least. What lists all states reads these then, and the list of all that is
   * kept without this option takes no memory.
   */
  readonly complete?: readonly string[];
  /**
   * Names further logs that an event is appended to in the same commit: a feed has the events of many keys, in the order in
   * which they came. `state` is that after the event's commit, `null` where the definition has none; `event` is `null` when the
   * log is removed, which its feeds say with `stream.removed`.
   */
  readonly feeds?: (state: State | null, event: Event | null) => readonly string[];
  /** When something is to happen with a state by itself. `null`: never. */
  readonly due?: (state: State, key: Key) => Date | null;
  /**
   * What happens then, once, on whichever process. After it `due` is to name a later time, or none: a state that stays due is
   * asked for again a second later. One of which it says nothing is left alone until it changes; `onError` hears of it.
   * A change of the same key belongs into what it returns, as with `change`.
   */
  readonly onDue?: (key: Key, state: State) => Decision<State, Input> | Promise<Decision<State, Input>>;
  /** When a log that has not ended is dropped with its state, as `remove` does it. `null`: not by itself. */
  readonly expires?: (state: State, key: Key) => Date | null;
  /** Hears of what this process has committed, after it. What it throws goes to `onError` of `openJobwire`. */
  readonly onCommitted?: (key: Key, state: State | null, events: readonly Event[]) => unknown;
  /** In place of that of `openJobwire`. */
  readonly retainMs?: number;
  /** In place of those of `openJobwire`. */
  readonly maxEvents?: number;
  readonly maxBytes?: number;
  readonly coalesceMs?: number;
}

/** How streams become one. */
export interface MergingOptions<Prelude> extends MergeOptions {
  /** That one of them with which all end. */
  readonly endsWith?: EventStream<object>;
  /**
   * Made for this stream alone and sent before all others, with ids that lead to where it starts.
   * `isContinued`: what follows is right after where it was to start, in every topic, without a gap.
   */
  readonly prelude?: (isContinued: boolean) => AsyncIterable<Prelude>;
}

const defaultRetainMs = 86_400_000;

/**
 * Opens the store. Resolves also while it is away: calls are refused until it is there.
 * @throws RangeError when a number of the options is none, not whole or out of its range.
 */
export async function openJobwire(options: JobwireOptions): Promise<Jobwire> {
  expectLimits("openJobwire", options);
  const { maxEvents = 1000, maxBytes, onWarning = warn, onReachable = () => {} } = options;
  const store = await options.store.open({
    retention: { maxEvents, ...(maxBytes !== undefined && { maxBytes }) },
    onReachable,
    onWarning,
  });
  const { telemetry } = options;
  return new Jobwire(telemetry ? new TracedStore(store, telemetry) : store, options);
}

/** Typed, resumable streams of anybody's own events. */
export class Jobwire implements AsyncDisposable {
  readonly #hubs: TopicHubs;
  readonly #names = new Set<string>();
  readonly #closing: AsyncDisposable[] = [];
  readonly #onError: (error: unknown) => void;

  constructor(
    private readonly store: Store,
    private readonly options: Omit<JobwireOptions, "store">,
  ) {
    this.#onError = options.onError ?? ((error) => process.emitWarning(textOf(error)));
    this.#hubs = new TopicHubs(
      store,
      this.#onError,
      Math.min(600_000, (options.retainMs ?? defaultRetainMs) / 3),
    );
  }

  /**
   * The typed handle of a definition.
   * @throws Error when a topic of this name was opened before, `due` and `onDue` are not both there, or a number is none, not whole
   * or out of its range.
   */
  topic<const Name extends string, Key extends KeySchema, Events extends EventSchemas, State>(
    definition: TopicDefinition<Name, Key, Events, State>,
    options: OptionsOf<Key, Events, State> = {},
  ): TopicHandle<Name, Key, Events, State> {
    this.#register(definition, options);
    const entries = new ReadableEntries(definition.eventSchema, (what, error) =>
      (this.options.onWarning ?? warn)(
        `${definition.name}: ${what} in the store does not fit its definition. ${textOf(error)}`,
      ),
    );
    const { due, onDue, expires } = options;
    // A key that was read has the fields that its schema says.
    const times: TopicTimes<State> = {
      dueAt: (state, key) => expectDate("due", definition.name, due?.(state, key as TopicKeyFields<Key>)),
      expiresAt: (state, key) =>
        expectDate("expires", definition.name, expires?.(state, key as TopicKeyFields<Key>)),
    };
    let dueLoop: DueLoop | undefined;
    const log = this.#openLog(definition, options, times, (dueMs) => dueLoop?.expect(dueMs));
    const repair = new TopicRepair(log, entries, this.#onError);
    if (definition.state && (due || expires || definition.hasEnd)) {
      dueLoop = startDueLoop({
        log,
        repair,
        times,
        onDue: async (key, state) =>
          plainDecisionOf<State>((await onDue?.(key as TopicKeyFields<Key>, state)) ?? []),
        onError: this.#onError,
      });
      this.#closing.push(dueLoop);
    }
    this.#closing.push(repair);
    const coalesceMs = options.coalesceMs ?? this.options.coalesceMs ?? 0;
    return new TopicHandle(definition, { log, hubs: this.#hubs, entries, repair, coalesceMs });
  }

  /**
   * One stream over up to 100 topics, exact in each: its ids have a place in every one of them. A topic that has ended leaves;
   * the stream completes with the last one, and when the signal of one of them aborts.
   * @throws AppError `CURSOR_INVALID` when `lastEventId` is of a stream over other topics; `INPUT_INVALID` when a topic is named twice, or too many are.
   */
  merge<const Streams extends readonly EventStream<object>[], Prelude extends object = never>(
    streams: Streams,
    { endsWith, ...options }: MergingOptions<Prelude> = {},
  ): MergedStream<StreamedBy<Streams[number]> | NoInfer<Prelude>> {
    const sources = streams.map((stream) => {
      if (stream instanceof TopicStream && stream.source)
        // The stream of these events has the source of these events.
        return {
          source: stream.source as StreamSource<StreamedBy<Streams[number]>>,
          endsAll: stream === endsWith,
        };
      throw new TypeError("merge takes streams that handles have returned, without `only`");
    });
    return new MergedStream<StreamedBy<Streams[number]> | Prelude>(sources, options);
  }

  /**
   * The same stream with the place where it begins fixed now, for one with `replay: "none"`: it has all that happens from here on,
   * whenever it is opened.
   */
  fromNow<Event extends object>(stream: EventStream<Event>): Promise<EventStream<Event>> {
    if (stream instanceof TopicStream) return stream.fromNow();
    throw new TypeError("fromNow takes a stream that a handle has returned, without `only`");
  }

  /** By the clock of the store, which all processes share. */
  now(): Date {
    return new Date(this.store.clock.now());
  }

  /** Whether the store is there as far as this process knows, without asking it. */
  get isReachable(): boolean {
    return this.store.isReachable;
  }

  /** @throws AppError `STORE_UNAVAILABLE` */
  ping(): Promise<void> {
    return this.store.ping();
  }

  /** Ends every stream, timer and connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const part of this.#closing) await part[Symbol.asyncDispose]();
    await this.#hubs[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
  }

  #register<Key extends KeySchema, Events extends EventSchemas, State>(
    { name, state }: Pick<TopicDefinition<string, Key, Events, State>, "name" | "state">,
    options: OptionsOf<Key, Events, State>,
  ): void {
    const { due, onDue, expires, index, search, complete, stored } = options;
    const refuse = (problem: string) => {
      throw new Error(`Topic ${JSON.stringify(name)}${problem}`);
    };
    if (this.#names.has(name)) refuse(" is open already; open each definition once and share its handle");
    if ((due === undefined) !== (onDue === undefined)) refuse(": due and onDue come together, or not at all");
    if ((due || expires || index || search || complete || stored) && !state)
      refuse(": index, search, complete, stored, due and expires need a state, and its definition has none");
    expectLimits(`Topic ${JSON.stringify(name)}`, options);
    this.#names.add(name);
  }

  #openLog<Name extends string, Key extends KeySchema, Events extends EventSchemas, State>(
    definition: TopicDefinition<Name, Key, Events, State>,
    options: OptionsOf<Key, Events, State>,
    times: TopicTimes<State>,
    onScheduled: (dueMs: number) => void,
  ): TopicLog<State> {
    const { index, search, stored, complete, feeds, onCommitted, maxEvents, maxBytes } = options;
    // A key that was read has the fields that its schema says, and an event those of one of its types.
    const keyOf = (key: object) => key as TopicKeyFields<Key>;
    const eventOf = (event: object) => event as TopicEvent<Key, Events>;
    const keep = {
      ...(maxEvents !== undefined && { maxEvents }),
      ...(maxBytes !== undefined && { maxBytes }),
    };
    return new TopicLog<State>({
      definition,
      store: this.store,
      times,
      indexesOf: (state, key) => indexesThatList(definition.name, index?.(state, keyOf(key)) ?? [], complete),
      allIndexes: complete?.map(indexOf) ?? [allIndex],
      stored: stored && { write: stored.write, read: (kept, key) => stored.read(kept, keyOf(key)) },
      searchTextOf: (state, key) => search?.(state, keyOf(key)) ?? "",
      feedsOf: (state, event) => feeds?.(state, event && eventOf(event)) ?? [],
      onScheduled,
      onCommitted: (key, state, events) => {
        if (!onCommitted) return;
        void (async () => onCommitted(keyOf(key), state, events.map(eventOf)))().catch(this.#onError);
      },
      retainMs: options.retainMs ?? this.options.retainMs ?? defaultRetainMs,
      keep,
      telemetry: this.options.telemetry,
    });
  }
}

type OptionsOf<Key extends KeySchema, Events extends EventSchemas, State> = TopicOptions<
  TopicKeyFields<Key>,
  NoInfer<State>,
  TopicEvent<Key, Events>,
  TopicEventInput<Key, Events>
>;

type StreamedBy<Stream> = Stream extends EventStream<infer Event> ? Event : never;

function warn(warning: string): void {
  process.emitWarning(warning, { type: "JobwireWarning" });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
