import type { Cursor, StreamGapReason } from "@jobwire/shared";
import type { StoreClock } from "./store-clock.js";

/**
 * The port to durable state and logs. Three adapters: memory, file and Redis; one contract suite runs on all.
 * Bodies are opaque: the store routes and returns them without parsing.
 *
 * Every method rejects with AppError `STORE_UNAVAILABLE` when the store does not answer in time.
 */
export interface Store extends AsyncDisposable {
  /** Atomic: checks the guard, sets the state, appends the events and publishes them, or does nothing at all. */
  commit(change: Commit): Promise<Committed>;

  readState(key: StateKey): Promise<StateRecord | null>;

  /** States that one of the indexes lists, ordered by key. Keys are listed once, expired ones never. */
  listStates(query: StateQuery): Promise<StatePage>;

  /** How many `listStates` would list in all, with states that are gone unnoticed. It looks at what is listed. */
  countListed(selection: StateSelection): Promise<number>;

  /** States whose `due` has come by the store's own clock, the longest due first. */
  listDue(query: DueQuery): Promise<DuePage>;

  /** When the first state of the scope is due, in milliseconds since 1970; `null`: none ever. Cheaper than `listDue`. */
  nextDue(scope: string): Promise<number | null>;

  /** How many keys indexes of the scope list: each of these, or without names all that list any. */
  countStates(scope: string, indexes?: readonly string[]): Promise<Readonly<Record<string, number>>>;

  /** Counts again what these indexes of the scope list, those that it has counts of, and what is due: after it was listed again. */
  recount(scope: string, indexes: Iterable<string>): Promise<void>;

  /**
   * Every state whose scope and key begin so, in no order, some of them twice. It costs what is there, so it is for what
   * mends indexes that were lost.
   */
  scanStates(beginning: StateKey): AsyncIterable<FoundState>;

  /**
   * Where the topic's log ends. A topic that has no log yet gets one, empty, with an epoch of its own; it is forgotten
   * when nobody has asked for it or written to it for `emptyTopicMs`.
   */
  head(topic: TopicKey): Promise<TopicHead>;

  /**
   * Events after `after` (`null`: from the oldest retained one), oldest first, without holes, no more than the page
   * holds. None at all means that `after` is the head.
   * @returns `gap` when the log does not reach back to `after`, is not the log that `after` speaks of, or lacks what
   * should follow. A log that has forked from that one counts as it up to where the two part.
   */
  replay(topic: TopicKey, after: Cursor | null, page: Page): Promise<Replay>;

  /**
   * For a topic that was set back: it lacks, or has others in place of, entries that were delivered from it after
   * `shared` (a failover to a replica that was behind). Gives its log a new epoch from there on, so that cursors into
   * the lost part are known to be such. Nothing happens when the log's epoch is not that of `shared` any more.
   */
  fork(topic: TopicKey, shared: Cursor): Promise<void>;

  /** Resolves once messages flow. Dispose it to stop them. */
  listen(topic: TopicKey, listener: TopicListener): Promise<AsyncDisposable>;

  /** Resolves when the store answers. */
  ping(): Promise<void>;

  readonly clock: StoreClock;

  /** What the operator should mend, in one line each; all is well without any. */
  readonly warnings: readonly string[];

  /** Whether the store is there as far as this process knows, without asking it. */
  readonly isReachable: boolean;
}

/** Everything in one scope can change in one commit. Free text: an owner id, "work", "spools". */
export interface TopicKey {
  readonly scope: string;
  readonly topic: string;
}

export interface StateKey {
  readonly scope: string;
  readonly key: string;
}

export type StateRecord = Readonly<Record<string, string>>;

export interface Commit {
  readonly scope: string;
  readonly state?: StateChange;
  readonly events: readonly NewEvent[];
  /** Drops the state and the topics this commit closes after so many milliseconds; 0 drops them now. */
  readonly retainMs?: number;
  /** More topics that `retainMs` is for: earlier commits have closed them. */
  readonly closedTopics?: readonly string[];
  /** What the topics of this commit keep, where it is not what all keep. */
  readonly keep?: Partial<Pick<Retention, "maxEvents" | "maxBytes">>;
  /** Refused, with the state of `null`, when one of the topics it appends to is closed. */
  readonly expectOpen?: boolean;
  /**
   * For a caller that may not have heard the answer and tries again: a commit whose key was accepted in this scope
   * within `idempotencyMs` is not made again, and answered with the cursors of the first time.
   */
  readonly idempotencyKey?: string;
}

/** How long a commit's `idempotencyKey` is remembered. */
export const idempotencyMs = 600_000;

export interface StateChange {
  readonly key: string;
  /** The guard: field -> values it may have ("" for a missing field), or no state under this key at all. */
  readonly expect?: "absent" | Readonly<Record<string, readonly string[]>>;
  /** A field that names a time, in milliseconds since 1970, which must have come by the store's own clock. */
  readonly expectPast?: string;
  readonly set: StateRecord;
  /** Lists the key under this index of the scope, or under each of these; no name is empty. */
  readonly index?: string | readonly string[];
  /** The field whose text is listed with the key, so that it can be looked for. The same in each commit of the scope. */
  readonly listedText?: string;
  /** Takes the key out of these. */
  readonly unlist?: readonly string[];
  /** Lists it as due at this time, in milliseconds since 1970, instead of any time before; `null`: it is not due any more. */
  readonly due?: number | null;
  /** This field is set to the cursor of the newest event in the topic of the commit's first event. */
  readonly stamp?: string;
  /** Drops the state at once. Where it is listed is to be said by `unlist` and `due`. */
  readonly remove?: boolean;
}

export interface NewEvent {
  readonly topic: string;
  /** One line of text, like the body: no line feed. */
  readonly type: string;
  readonly body: string;
  /** Closes the topic: no event follows this one. */
  readonly last?: boolean;
  /**
   * The topic is forgotten when nothing more is appended to it for so long. Where its log ends is remembered as long as
   * somebody asks for it within that time. Of the events that a commit appends to a topic the newest says so.
   */
  readonly idleMs?: number;
}

export type Committed =
  | {
      readonly accepted: true;
      /** One for each event of the commit, in its order. */ readonly cursors: readonly Cursor[];
      /** It was made before, under its idempotency key: nothing has changed. */ readonly repeated?: true;
    }
  | {
      readonly accepted: false;
      /** The state the guard refused; `null` when there is none. */ readonly state: StateRecord | null;
    };

export interface StateSelection {
  readonly scope: string;
  /** What this index lists, or any of these. */
  readonly index: string | readonly string[];
  /** Only keys from this one on. */
  readonly from?: string;
  /** Only keys before this one. */
  readonly to?: string;
  /** Only states whose field has all of these texts somewhere: the one that was `listedText` when they were listed. */
  readonly contains?: {
    readonly field: string;
    readonly texts: readonly string[];
    /** Or somewhere in the key, each of them in either. */
    readonly inKeys?: boolean;
  };
}

export interface StateQuery extends StateSelection {
  readonly order: "ascending" | "descending";
  /** Continues after this key, in the order asked for. */
  readonly after?: string;
  readonly limit: number;
}

export interface DueQuery {
  readonly scope: string;
  readonly limit: number;
}

export interface DuePage {
  readonly items: readonly DueState[];
  /** The index by time does not list what it should: it was lost in whole or in part. */
  readonly isLost: boolean;
}

export interface DueState {
  readonly key: string;
  /** `null`: it is gone, although it is due. */
  readonly state: StateRecord | null;
}

export interface StatePage {
  readonly items: readonly { readonly key: string; readonly state: StateRecord }[];
  /** The `after` of the next page; `null` when there is none. With `contains` a page may have less than there is. */
  readonly next: string | null;
  /** Keys that were listed although their states are gone: they are not listed any more. */
  readonly gone: readonly string[];
  /** An index does not list what it should: it was lost in whole or in part. */
  readonly isLost: boolean;
}

/** What is read of a log at a time. */
export interface Page {
  /** At most so many entries. */
  readonly entries: number;
  /** No further entry once the bodies have so many bytes, in UTF-8: at least one entry is read. */
  readonly bytes: number;
}

export interface FoundState extends StateKey {
  readonly state: StateRecord;
}

export interface TopicHead {
  /** The newest event; offset 0 when there has been none. */
  readonly cursor: Cursor;
  /** The newest event was the last one. */
  readonly closed: boolean;
}

export interface LogEntry {
  readonly offset: number;
  readonly type: string;
  readonly body: string;
  readonly last: boolean;
}

export type Replay =
  | { readonly kind: "events"; readonly entries: readonly LogEntry[]; readonly head: TopicHead }
  | {
      readonly kind: "gap";
      readonly reason: StreamGapReason;
      /** Where the log can be read on from. */ readonly resumeAfter: Cursor;
    };

/** What one commit appended to one topic. */
export interface LogMessage {
  readonly epoch: string;
  readonly entries: readonly LogEntry[];
}

export interface TopicListener {
  onMessage(message: LogMessage): void;
  /** Messages may have been missed up to now (a lost connection is back): compare with `head`. */
  onRestored(): void;
}

export interface Retention {
  /** How many events of a topic are kept: the newest so many. */
  readonly maxEvents: number;
  /**
   * How many bytes of bodies a topic keeps, in UTF-8: the newest events that fit, and always the newest one. Default:
   * `defaultMaxBytes`.
   */
  readonly maxBytes?: number;
  /** How long a topic without events is remembered; default `emptyTopicMs`. */
  readonly emptyTopicMs?: number;
}

/** What a topic keeps when nothing else is said: 16 MiB. */
export const defaultMaxBytes = 16_777_216;

/** How long a topic is remembered that was asked for and has no events: a day. */
export const emptyTopicMs = 86_400_000;
