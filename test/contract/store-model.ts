import type { Cursor } from "@jobwire/shared";
import { maxAncestors } from "../../server/src/store/fork.lua.js";
import type {
  Commit,
  Committed,
  DueQuery,
  DueState,
  LogEntry,
  LogMessage,
  Replay,
  StateChange,
  StatePage,
  StateQuery,
  StateRecord,
  StateKey,
  TopicHead,
  TopicKey,
} from "../../server/src/store/store.js";

/**
 * What a store is, as plainly as it can be said: nothing expires, nothing is away, and an epoch is the number of the
 * log's life. `retainMs` is 0 or absent. The property test holds the adapters against it.
 */
export class StoreModel {
  readonly #states = new Map<string, StateRecord>();
  readonly #indexes = new Map<string, Set<string>>();
  /** Nothing is between long ago and far ahead: these need no clock. */
  readonly #due = new Map<string, number | null>();
  readonly #logs = new Map<string, Log>();
  readonly #messages = new Map<string, LogMessage[]>();
  #lives = 0;

  constructor(private readonly maxEvents: number) {}

  commit(change: Commit): Committed {
    const { scope, state, events, retainMs } = change;
    if (state) {
      const current = this.readState({ scope, key: state.key });
      if (!isExpected(current, state.expect)) return { accepted: false, state: current };
      if (state.remove) this.#states.delete(nameOf(scope, state.key));
      else this.#states.set(nameOf(scope, state.key), { ...current, ...state.set });
      for (const index of [state.index ?? []].flat()) this.#indexOf(scope, index).add(state.key);
      for (const index of state.unlist ?? []) this.#indexOf(scope, index).delete(state.key);
      if (state.due !== undefined) this.#due.set(nameOf(scope, state.key), state.due);
    }
    const appended = events.map(({ topic, type, body, last = false }) => {
      const log = this.#logOf({ scope, topic });
      const entry = { offset: log.offset + 1, type, body, last };
      log.offset = entry.offset;
      log.closed = last;
      log.entries = [...log.entries, entry].slice(-this.maxEvents);
      return { topic, epoch: log.epoch, entry };
    });
    for (const topic of new Set(events.map((event) => event.topic))) {
      const mine = appended.filter((event) => event.topic === topic);
      const message = { epoch: mine[0]?.epoch ?? "", entries: mine.map(({ entry }) => entry) };
      this.messages({ scope, topic }).push(message);
    }
    if (retainMs === 0) this.#drop(change);
    return { accepted: true, cursors: appended.map(({ epoch, entry }) => ({ epoch, offset: entry.offset })) };
  }

  readState({ scope, key }: StateKey): StateRecord | null {
    return this.#states.get(nameOf(scope, key)) ?? null;
  }

  listStates({ scope, index, order, after, limit, ...selection }: StateQuery): StatePage {
    const { from = "", to = "~", contains } = selection;
    const texts = contains?.texts ?? [];
    const hasAll = (key: string) => {
      const text = this.readState({ scope, key })?.[contains?.field ?? ""];
      return texts.every((part) => text?.includes(part) || (contains?.inKeys && key.includes(part)));
    };
    const keys = [...new Set([index].flat().flatMap((name) => [...this.#indexOf(scope, name)]))]
      .filter((key) => key >= from && key < to && hasAll(key))
      .toSorted();
    if (order === "descending") keys.reverse();
    const isAfter = (key: string) =>
      after === undefined || (order === "ascending" ? key > after : key < after);
    const rest = keys.filter(isAfter);
    const items = rest.slice(0, limit).map((key) => ({ key, state: this.readState({ scope, key }) ?? {} }));
    return { items, next: rest.length > limit ? (items.at(-1)?.key ?? null) : null, gone: [], isLost: false };
  }

  countStates(scope: string): Record<string, number> {
    const counts = [...this.#indexes].map(
      ([name, keys]) => [JSON.parse(name) as string[], keys.size] as const,
    );
    return Object.fromEntries(
      counts.flatMap(([[ofScope, index = ""], size]) =>
        ofScope === scope && size > 0 ? [[index, size]] : [],
      ),
    );
  }

  nextDue(scope: string): number | null {
    const times = this.#dueIn(scope).map(({ dueMs }) => dueMs);
    return times.length === 0 ? null : Math.min(...times);
  }

  #dueIn(scope: string): { key: string; dueMs: number }[] {
    return [...this.#due].flatMap(([name, dueMs]) => {
      const [ofScope, key = ""] = JSON.parse(name) as string[];
      return ofScope === scope && dueMs !== null ? [{ key, dueMs }] : [];
    });
  }

  listDue({ scope, limit }: DueQuery): DueState[] {
    return this.#dueIn(scope)
      .filter(({ dueMs }) => dueMs < 1e15)
      .toSorted((one, other) => one.dueMs - other.dueMs || (one.key < other.key ? -1 : 1))
      .slice(0, limit)
      .map(({ key }) => ({ key, state: this.readState({ scope, key }) }));
  }

  head(topic: TopicKey): TopicHead {
    const { epoch, offset, closed } = this.#logOf(topic);
    return { cursor: { epoch, offset }, closed };
  }

  replay(topic: TopicKey, after: Cursor | null, limit: number): Replay {
    const { epoch, offset, entries, ancestors } = this.#logOf(topic);
    const beforeOldest = offset - entries.length;
    const gap = (reason: "log-lost" | "trimmed", resumeAfter: number): Replay => ({
      kind: "gap",
      reason,
      resumeAfter: { epoch, offset: resumeAfter },
    });
    if (after) {
      const shared = sharedOffset([{ epoch, offset }, ...ancestors], after.epoch);
      if (after.offset > shared) return gap("log-lost", Math.max(shared, beforeOldest));
      if (after.offset < beforeOldest) return gap("trimmed", beforeOldest);
    } else if (offset > 0 && entries.length === 0) return gap("trimmed", offset);
    const rest = entries.filter((entry) => !after || entry.offset > after.offset);
    return { kind: "events", entries: rest.slice(0, limit), head: this.head(topic) };
  }

  fork(topic: TopicKey, shared: number): void {
    const log = this.#logOf(topic);
    log.ancestors = [{ epoch: log.epoch, offset: shared }, ...log.ancestors].slice(0, maxAncestors);
    log.epoch = `life ${++this.#lives}`;
  }

  /** The newest entries, as many of these as are retained, were never written. */
  setBack(topic: TopicKey, count: number): { readonly offset: number } {
    const log = this.#logOf(topic);
    const lost = Math.min(count, log.entries.length);
    log.offset -= lost;
    log.entries = log.entries.slice(0, log.entries.length - lost);
    if (lost > 0) log.closed = false;
    return log;
  }

  lose({ scope, topic }: TopicKey): void {
    this.#logs.delete(nameOf(scope, topic));
  }

  /** What a listener that is there from the beginning has heard. */
  messages({ scope, topic }: TopicKey): LogMessage[] {
    const name = nameOf(scope, topic);
    const messages = this.#messages.get(name) ?? [];
    this.#messages.set(name, messages);
    return messages;
  }

  isClosed({ scope, topic }: TopicKey): boolean {
    return this.#logs.get(nameOf(scope, topic))?.closed ?? false;
  }

  #drop({ scope, state, events, closedTopics = [] }: Commit): void {
    for (const { topic, last } of events) if (last) this.#logs.delete(nameOf(scope, topic));
    for (const topic of closedTopics) this.#logs.delete(nameOf(scope, topic));
    if (!state) return;
    this.#states.delete(nameOf(scope, state.key));
    for (const index of [state.index ?? []].flat()) this.#indexOf(scope, index).delete(state.key);
  }

  #indexOf(scope: string, index: string): Set<string> {
    const name = nameOf(scope, index);
    const keys = this.#indexes.get(name) ?? new Set();
    this.#indexes.set(name, keys);
    return keys;
  }

  #logOf({ scope, topic }: TopicKey): Log {
    const name = nameOf(scope, topic);
    const log = this.#logs.get(name) ?? {
      epoch: `life ${++this.#lives}`,
      offset: 0,
      closed: false,
      entries: [],
      ancestors: [],
    };
    this.#logs.set(name, log);
    return log;
  }
}

/** Where each of these logs parts from the one before it; what two have in common is the least on the way. */
function sharedOffset(logs: readonly Cursor[], epoch: string): number {
  const index = logs.findIndex((log) => log.epoch === epoch);
  return index === -1 ? -1 : Math.min(...logs.slice(0, index + 1).map(({ offset }) => offset));
}

interface Log {
  epoch: string;
  /** The logs it has forked from, the latest first, each with the last offset they share. */
  ancestors: readonly Cursor[];
  offset: number;
  closed: boolean;
  entries: readonly LogEntry[];
}

function isExpected(current: StateRecord | null, expect: StateChange["expect"]): boolean {
  if (expect === undefined) return true;
  if (expect === "absent") return current === null;
  return Object.entries(expect).every(([field, values]) => values.includes(current?.[field] ?? ""));
}

function nameOf(scope: string, name: string): string {
  return JSON.stringify([scope, name]);
}
