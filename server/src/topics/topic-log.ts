import { setTimeout as delay } from "node:timers/promises";
import { formatCursor, type Cursor } from "@jobwire/shared";
import type { z } from "zod";
import { AppError } from "../app-error.js";
import type { NewEvent, StateChange, StateRecord, Store } from "../store/store.js";
import { removalType } from "../streams/frame.js";
import { readEvent, readKey, toEntries, topicEnded } from "./event-input.js";
import type { InputDefinition, PlainEvent, PlainKey } from "./event-input.js";
import { KeyedTurns } from "./keyed-turns.js";
import { readTopicRecord, writeTopicRecord, type TopicRecord } from "./topic-record.js";

/** A definition, with the types of its events forgotten. */
interface LogDefinition<State> extends InputDefinition {
  readonly state: z.ZodType<State> | null;
  readonly apply: (state: State | null, event: never) => State | null;
}

export interface TopicLogOptions<State> {
  readonly definition: LogDefinition<State>;
  readonly store: Store;
  /** The indexes that list a state. */
  readonly indexesOf: (state: State, key: PlainKey) => readonly string[];
  /** When something is to happen with a state. */
  readonly dueAt: (state: State, key: PlainKey) => Date | null;
  /** How long a log without a state outlives its newest event, and an ended one its end. */
  readonly retainMs: number;
}

export interface Changed<State> {
  readonly state: State | null;
  readonly ids: readonly string[];
}

/** Lists every state of a topic. */
export const allIndex = "all";
const maxAttempts = 25;
/** In a record: the cursor of the newest event that its state has. */
export const stampField = "at";
/** For what an idempotency key has published when the events are not known: it leads to the last one. */
const placeholder: NewEvent = { topic: "", type: "", body: "" };

/** All logs of one definition, with their states: what is published, in one atomic step with what it comes to. */
export class TopicLog<State> {
  readonly scope: string;
  readonly #turns = new KeyedTurns();

  constructor(readonly options: TopicLogOptions<State>) {
    this.scope = `topic:${options.definition.name}`;
  }

  topicOf(keyText: string): { scope: string; topic: string } {
    return { scope: this.scope, topic: keyText };
  }

  /** @throws AppError `STATE_UNREADABLE` */
  async read(keyText: string): Promise<TopicRecord<State> | null> {
    if (!this.options.definition.state) return null;
    return this.recordOf(await this.options.store.readState({ scope: this.scope, key: keyText }));
  }

  /** @throws AppError `STATE_UNREADABLE` */
  recordOf(record: StateRecord | null): TopicRecord<State> | null {
    const { name, state } = this.options.definition;
    return record && state && readTopicRecord(name, state, record);
  }

  /**
   * Appends what `decide` says. It is asked again when another writer was faster.
   * @throws AppError `INPUT_INVALID`, `TOPIC_ENDED`, `TOPIC_BUSY`, `EVENT_NOT_APPLICABLE`; whatever `decide` throws.
   */
  async change(
    key: unknown,
    decide: (state: State | null) => Promise<readonly unknown[]> | readonly unknown[],
    idempotencyKey?: string,
  ): Promise<Changed<State>> {
    const read = readKey(this.options.definition, key);
    const once = idempotencyKey === undefined ? {} : { idempotencyKey: `${read.text} ${idempotencyKey}` };
    if (!this.options.definition.state) {
      return { state: null, ids: await this.#append(read.key, read.text, await decide(null), once) };
    }
    return this.#turns.run(read.text, () => this.#changeState(read.key, read.text, decide, once));
  }

  /** @returns false when there is nothing. Streams of it end. */
  async remove(key: unknown): Promise<boolean> {
    const { definition, store } = this.options;
    const { text } = readKey(definition, key);
    return this.#turns.run(text, async () => {
      for (let attempt = 1; attempt <= maxAttempts; attempt++) {
        const before = definition.state && (await store.readState({ scope: this.scope, key: text }));
        const { cursor } = await store.head(this.topicOf(text));
        if (!before && cursor.offset === 0) return false;
        const state = before && {
          ...this.removalOf(text, before),
          expect: { revision: [before.revision ?? ""] },
        };
        const { accepted } = await store.commit({
          scope: this.scope,
          ...(state && { state }),
          events: [{ topic: text, type: removalType, body: "{}", last: true }],
          retainMs: 0,
        });
        if (accepted) return true;
      }
      throw busy(definition.name);
    });
  }

  /** What takes a record out of everything that lists it. */
  removalOf(keyText: string, { listed = "[]" }: StateRecord): StateChange {
    return { key: keyText, set: {}, unlist: JSON.parse(listed) as string[], due: null, remove: true };
  }

  async #append(
    key: PlainKey,
    keyText: string,
    inputs: readonly unknown[],
    once: { readonly idempotencyKey?: string },
  ): Promise<readonly string[]> {
    const { definition, store, retainMs } = this.options;
    if (inputs.length === 0) return [];
    const events = inputs.map((input) => readEvent(definition, key, input));
    const committed = await store.commit({
      scope: this.scope,
      events: toEntries(definition, keyText, events),
      idleMs: retainMs,
      expectOpen: definition.ends.length > 0,
      ...once,
    });
    if (!committed.accepted) throw topicEnded(definition.name, "its last event was published");
    return committed.cursors.map(formatCursor);
  }

  async #changeState(
    key: PlainKey,
    keyText: string,
    decide: (state: State | null) => Promise<readonly unknown[]> | readonly unknown[],
    once: { readonly idempotencyKey?: string },
  ): Promise<Changed<State>> {
    const { definition } = this.options;
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const before = await this.read(keyText);
      let entries: readonly NewEvent[] = [placeholder];
      try {
        const inputs = await decide(before ? before.state : null);
        if (inputs.length === 0) return { state: before ? before.state : null, ids: [] };
        const events = inputs.map((input) => readEvent(definition, key, input));
        entries = toEntries(definition, keyText, events);
        if (before?.ended) throw topicEnded(definition.name, "its last event was published");
        const after = this.#after(key, before, events);
        const cursors = await this.#commit(keyText, before, after, entries, once);
        if (cursors) return { state: after.state, ids: cursors.map(formatCursor) };
      } catch (error) {
        const made = await this.#madeBefore(keyText, entries, once);
        if (!made) throw error;
        return { state: (await this.read(keyText))?.state ?? null, ids: made.map(formatCursor) };
      }
      // Those of this process take turns; those of others are not to meet again at once.
      await delay(Math.random() * 2 * attempt);
    }
    throw busy(definition.name);
  }

  #after(
    key: PlainKey,
    before: TopicRecord<State> | null,
    events: readonly PlainEvent[],
  ): TopicRecord<State> {
    const { definition, indexesOf } = this.options;
    let state: State | null = before ? before.state : null;
    for (const event of events) {
      try {
        state = definition.apply(state, event as never);
      } catch (cause) {
        throw new AppError(
          "EVENT_NOT_APPLICABLE",
          `${event.type} cannot be applied to the state of this ${definition.name}: ${cause instanceof Error ? cause.message : String(cause)}`,
          { cause },
        );
      }
    }
    return {
      key,
      // Only definitions with a state come here, and their `apply` makes one.
      state: state as State,
      revision: (before?.revision ?? 0) + 1,
      ended: definition.ends.includes(events.at(-1)?.type ?? ""),
      listed: [allIndex, ...new Set(indexesOf(state as State, key).map((index) => `by ${index}`))],
    };
  }

  /** @returns `null` when another writer was faster. */
  async #commit(
    keyText: string,
    before: TopicRecord<State> | null,
    after: TopicRecord<State>,
    events: readonly NewEvent[],
    once: { readonly idempotencyKey?: string },
  ): Promise<readonly Cursor[] | null> {
    const { store, dueAt, retainMs } = this.options;
    const dueMs = after.ended ? store.clock.now() + retainMs : dueAt(after.state, after.key)?.getTime();
    const committed = await store.commit({
      scope: this.scope,
      state: {
        key: keyText,
        expect: before ? { revision: [String(before.revision)] } : "absent",
        set: writeTopicRecord(after),
        index: after.listed,
        unlist: (before?.listed ?? []).filter((index) => !after.listed.includes(index)),
        due: dueMs ?? null,
        stamp: stampField,
      },
      events,
      ...(after.ended && { idleMs: retainMs }),
      ...once,
    });
    return committed.accepted ? committed.cursors : null;
  }

  /** What an idempotency key has published already. */
  async #madeBefore(
    keyText: string,
    events: readonly NewEvent[],
    once: { readonly idempotencyKey?: string },
  ): Promise<readonly Cursor[] | null> {
    if (once.idempotencyKey === undefined) return null;
    const committed = await this.options.store.commit({
      scope: this.scope,
      // No record is like this one: nothing is committed.
      state: { key: keyText, expect: { revision: ["none"] }, set: {} },
      events,
      ...once,
    });
    return committed.accepted ? committed.cursors : null;
  }
}

function busy(name: string): AppError {
  return new AppError(
    "TOPIC_BUSY",
    `Others were faster ${maxAttempts} times to change this ${name}; call again.`,
  );
}
