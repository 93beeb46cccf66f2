import { setTimeout as delay } from "node:timers/promises";
import { formatCursor } from "@jobwire/shared";
import type { z } from "zod";
import { AppError } from "../app-error.js";
import { KeyedTurns, type Turn } from "../keyed-turns.js";
import type { Commit, Committed, NewEvent, StateRecord, Store } from "../store/store.js";
import type { Telemetry } from "../store/telemetry.js";
import { removalType } from "../streams/frame.js";
import { readEvent, readKey, toEntries, topicEnded } from "./event-input.js";
import type { InputDefinition, PlainEvent, PlainKey } from "./event-input.js";
import { foldState } from "./fold-state.js";
import { TopicFeeds } from "./topic-feeds.js";
import { feedTopic, idempotencyKeyOf } from "./topic-names.js";
import type { Decide } from "./topic-decision.js";
import { wakeMs, type TopicTimes } from "./topic-times.js";
import {
  expectationOf,
  listingChange,
  nextRevision,
  readTopicRecord,
  recordChange,
  removalChange,
  searchField,
  type StoredForm,
  type TopicRecord,
} from "./topic-record.js";
import { UnheardCommits, type Heard } from "./unheard-commits.js";

/** A definition, with the types of its events forgotten. */
interface LogDefinition<State> extends InputDefinition {
  readonly hasEnd: boolean;
  readonly state: z.ZodType<State> | null;
  readonly apply: (state: State | null, event: never) => State | null;
}

export interface TopicLogOptions<State> {
  readonly definition: LogDefinition<State>;
  readonly store: Store;
  /** The indexes that list a state, each once. */
  readonly indexesOf: (state: State, key: PlainKey) => readonly string[];
  readonly times: TopicTimes<State>;
  readonly stored: StoredForm<State, PlainKey> | undefined;
  /** Together they list every state. */
  readonly allIndexes: readonly string[];
  /** What a state is found by. */
  readonly searchTextOf: (state: State, key: PlainKey) => string;
  /** Further logs of an event, or of the news that something was removed. */
  readonly feedsOf: (state: State | null, event: PlainEvent | null) => readonly string[];
  /** Hears when a state that this process has committed is due, in milliseconds since 1970. */
  readonly onScheduled: (dueMs: number) => void;
  /** Hears of each commit of this process, after it. */
  readonly onCommitted: (key: PlainKey, state: State | null, events: readonly PlainEvent[]) => void;
  /** How long a log without a state outlives its newest event, and an ended one its end. */
  readonly retainMs: number;
  readonly keep: Commit["keep"];
  readonly telemetry: Telemetry | undefined;
}

export interface Changed<State> {
  readonly state: State | null;
  readonly ids: readonly string[];
}

interface Once {
  readonly idempotencyKey?: string;
}

const maxAttempts = 25;
/** In a record: the cursor of the newest event that its state has. */
export const stampField = "at";
/** For what an idempotency key has published when the events are not known: it leads to the last one. */
const placeholder: NewEvent = { topic: "", type: "", body: "" };

/** All logs of one definition, with their states: what is published, in one atomic step with what it comes to. */
export class TopicLog<State> {
  readonly scope: string;
  readonly #turns = new KeyedTurns();
  readonly #unheard = new UnheardCommits();
  readonly #feeds: TopicFeeds<State>;

  constructor(readonly options: TopicLogOptions<State>) {
    this.#feeds = new TopicFeeds(options);
    this.scope = `topic:${options.definition.name}`;
  }

  topicOf(keyText: string): { scope: string; topic: string } {
    return { scope: this.scope, topic: keyText };
  }

  feedOf(name: string): { scope: string; topic: string } {
    return { scope: this.scope, topic: feedTopic(name) };
  }

  /** @throws AppError `STATE_UNREADABLE` */
  async read(keyText: string): Promise<TopicRecord<State> | null> {
    if (!this.options.definition.state) return null;
    return this.recordOf(keyText, await this.options.store.readState({ scope: this.scope, key: keyText }));
  }

  /** @throws AppError `STATE_UNREADABLE` */
  recordOf(keyText: string, record: StateRecord | null): TopicRecord<State> | null {
    const { definition, stored } = this.options;
    const { name, key, state } = definition;
    return record && state && readTopicRecord({ name, key, state, stored }, keyText, record);
  }

  /**
   * Appends what `decide` says. It is asked again when another writer was faster.
   * @throws AppError `INPUT_INVALID`, `TOPIC_ENDED`, `TOPIC_BUSY`, `EVENT_NOT_APPLICABLE`; whatever `decide` throws.
   */
  change(key: unknown, decide: Decide<State>, idempotencyKey?: string): Promise<Changed<State>> {
    const { telemetry, definition } = this.options;
    if (!telemetry) return this.#change(key, decide, idempotencyKey);
    return telemetry.publishing(definition.name, () => this.#change(key, decide, idempotencyKey));
  }

  async #change(key: unknown, decide: Decide<State>, idempotencyKey?: string): Promise<Changed<State>> {
    const read = readKey(this.options.definition, key);
    const once =
      idempotencyKey === undefined ? {} : { idempotencyKey: idempotencyKeyOf(read.text, idempotencyKey) };
    if (!this.options.definition.state) {
      const { events } = await decide(null, 0);
      return { state: null, ids: await this.#append(read.key, read.text, events, once) };
    }
    return this.#turns.run(read.text, (turn) => this.#changeState(read, decide, once, turn));
  }

  /**
   * Streams of it end, and its feeds say that it is gone.
   * @param when Only while this holds of its state.
   * @returns false when there is nothing, or `when` does not hold.
   */
  async remove(key: unknown, when?: (state: State) => boolean): Promise<boolean> {
    const { definition, store } = this.options;
    const { key: fields, text } = readKey(definition, key);
    return this.#turns.run(text, async () => {
      for (let attempt = 1; attempt <= maxAttempts; attempt++) {
        const before = definition.state && (await store.readState({ scope: this.scope, key: text }));
        const { cursor } = await store.head(this.topicOf(text));
        if (!before && cursor.offset === 0) return false;
        const known = before && this.#readableStateOf(text, before);
        if (when && !(known !== null && when(known))) return false;
        // One that is made meanwhile is not to lose its log.
        const state = definition.state && removalChange(text, before);
        const { accepted } = await store.commit({
          scope: this.scope,
          ...(state && { state }),
          events: [
            { topic: text, type: removalType, body: "{}", last: true },
            ...this.#feeds.removalOf(fields, known),
          ],
          retainMs: 0,
        });
        if (accepted) return true;
      }
      throw busy(definition.name);
    });
  }

  /** What cannot be read can be removed all the same; then only feeds that no state names hear of it. */
  #readableStateOf(keyText: string, record: StateRecord): State | null {
    try {
      return this.recordOf(keyText, record)?.state ?? null;
    } catch {
      return null;
    }
  }

  async #append(
    key: PlainKey,
    keyText: string,
    inputs: readonly unknown[],
    once: Once,
  ): Promise<readonly string[]> {
    const { definition, store, retainMs, keep, onCommitted } = this.options;
    if (inputs.length === 0) return [];
    const events = inputs.map((input) => readEvent(definition, key, input));
    const own = toEntries(definition, keyText, events).map((entry) => ({ ...entry, idleMs: retainMs }));
    const committed = await this.#unheard.commit(store, {
      scope: this.scope,
      events: [...own, ...this.#feeds.entriesOf(keyText, events, null)],
      expectOpen: definition.hasEnd,
      ...(keep && { keep }),
      ...once,
    });
    if (!committed.accepted) throw topicEnded(definition.name, "its last event was published");
    if (committed.isNews) onCommitted(key, null, events);
    return committed.cursors.slice(0, own.length).map(formatCursor);
  }

  async #changeState(
    { key, text: keyText }: ReturnType<typeof readKey>,
    decide: Decide<State>,
    once: Once,
    turn: Turn,
  ): Promise<Changed<State>> {
    const { definition, onCommitted } = this.options;
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const before = await this.read(keyText);
      let entries: readonly NewEvent[] = [placeholder];
      let events: readonly PlainEvent[] = [];
      try {
        const said = before ? decide(before.state, before.revision) : decide(null, 0);
        const decision = said instanceof Promise ? await turn.lend(said) : said;
        if (decision.events.length === 0 && decision.state === undefined)
          return { state: before ? before.state : null, ids: [] };
        events = decision.events.map((input) => readEvent(definition, key, input));
        entries = toEntries(definition, keyText, events);
        if (before?.ended && events.length > 0)
          throw topicEnded(definition.name, "its last event was published");
        const after = this.#after(key, before, decision.state, events);
        const feeds = this.#feeds.entriesOf(keyText, events, after.state);
        const committed = await this.#commit(keyText, before, after, [...entries, ...feeds], once);
        if (committed.accepted) {
          const ids = committed.cursors.slice(0, entries.length).map(formatCursor);
          const state = committed.repeated ? ((await this.read(keyText))?.state ?? null) : after.state;
          if (committed.isNews) onCommitted(key, state, events);
          return { state, ids };
        }
      } catch (error) {
        const made = await this.#madeBefore(keyText, entries, once);
        if (!made?.accepted) throw error;
        const state = (await this.read(keyText))?.state ?? null;
        if (made.isNews && events.length > 0) onCommitted(key, state, events);
        return { state, ids: made.cursors.map(formatCursor) };
      }
      // Those of this process take turns; those of others are not to meet again at once.
      await delay(Math.random() * 2 * attempt);
    }
    throw busy(definition.name);
  }

  #after(
    key: PlainKey,
    before: TopicRecord<State> | null,
    decided: State | undefined,
    events: readonly PlainEvent[],
  ): TopicRecord<State> {
    const { definition, indexesOf, times, searchTextOf, retainMs, store, stored } = this.options;
    const next = foldState(definition, !stored, before ? before.state : null, decided, events);
    const newest = events.at(-1);
    const ended = before?.ended || (newest !== undefined && definition.isLast(newest as never));
    return {
      key,
      state: next,
      revision: nextRevision(before),
      ended,
      listed: indexesOf(next, key),
      dueMs: before?.ended ? before.dueMs : ended ? store.clock.now() + retainMs : wakeMs(times, next, key),
      search: searchTextOf(next, key),
    };
  }

  async #commit(
    keyText: string,
    before: TopicRecord<State> | null,
    after: TopicRecord<State>,
    events: readonly NewEvent[],
    once: Once,
  ): Promise<Heard<Committed>> {
    const { store, retainMs, keep, onScheduled, stored } = this.options;
    const committed = await this.#unheard.commit(store, {
      scope: this.scope,
      state: {
        key: keyText,
        expect: expectationOf(before),
        set: recordChange(before, after, stored),
        ...listingChange(before, after),
        listedText: searchField,
        stamp: stampField,
      },
      events: events.map((event) => (event.last ? { ...event, idleMs: retainMs } : event)),
      ...(keep && { keep }),
      ...once,
    });
    if (committed.accepted && committed.isNews && after.dueMs !== null) onScheduled(after.dueMs);
    return committed;
  }

  /** What an idempotency key has published already. */
  async #madeBefore(keyText: string, events: readonly NewEvent[], once: Once) {
    if (once.idempotencyKey === undefined) return null;
    return this.#unheard.commit(this.options.store, {
      scope: this.scope,
      // No record is like this one: nothing is committed.
      state: { key: keyText, expect: { revision: ["none"] }, set: {} },
      events,
      ...once,
    });
  }
}

function busy(name: string): AppError {
  return new AppError(
    "TOPIC_BUSY",
    `Others were faster ${maxAttempts} times to change this ${name}; call again.`,
  );
}
