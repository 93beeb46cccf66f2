import { formatCursor, type Cursor } from "@jobwire/shared";
import { randomEpoch } from "./epoch.js";
import { maxAncestors } from "./fork.lua.js";
import { MemoryLists } from "./memory-lists.js";
import { replayStartOf } from "./replay-start.js";
import { ownClock } from "./store-clock.js";
import { defaultMaxBytes, emptyTopicMs, idempotencyMs } from "./store.js";
import type {
  Commit,
  Committed,
  DuePage,
  DueQuery,
  FoundState,
  LogEntry,
  LogMessage,
  Page,
  Replay,
  Retention,
  StateChange,
  StateKey,
  StatePage,
  StateQuery,
  StateRecord,
  StateSelection,
  Store,
  TopicHead,
  TopicKey,
  TopicListener,
} from "./store.js";

/** A timer cannot wait longer. */
const maxTimerMs = 2_147_483_647;

/** Everything in this process's memory: for development, demos and tests. A restart forgets it. */
export function openMemoryStore(retention: Retention): Store {
  return new MemoryStore(retention);
}

interface Log {
  epoch: string;
  readonly ancestors: Cursor[];
  offset: number;
  closed: boolean;
  entries: LogEntry[];
  idleMs?: number;
  /** Of the bodies of `entries`. */
  bytes: number;
}

class MemoryStore implements Store {
  readonly isReachable = true;
  readonly clock = ownClock;
  readonly warnings = [];
  readonly #states = new Map<string, StateRecord>();
  readonly #logs = new Map<string, Log>();
  /** Logs without entries that were asked for, and when they are forgotten: the next one first. */
  readonly #empty = new Map<string, number>();
  readonly #made = new Map<string, Committed>();
  readonly #lists = new MemoryLists();
  readonly #listeners = new Map<string, Set<TopicListener>>();
  readonly #timers = new Map<Map<string, unknown>, Map<string, NodeJS.Timeout>>();

  constructor(readonly retention: Retention) {}

  async commit(change: Commit): Promise<Committed> {
    const { scope, state, events, retainMs, keep, idempotencyKey } = change;
    const madeKey = idempotencyKey === undefined ? undefined : keyOf(scope, idempotencyKey);
    const made = madeKey === undefined ? undefined : this.#made.get(madeKey);
    if (made) return made;
    if (change.expectOpen && events.some(({ topic }) => this.#logs.get(keyOf(scope, topic))?.closed))
      return { accepted: false, state: null };
    if (state) {
      const current = this.#states.get(keyOf(scope, state.key)) ?? null;
      if (!isExpected(current, state)) return { accepted: false, state: current };
      this.#set(scope, state, current);
    }
    const cursors: Cursor[] = [];
    const messages = new Map<string, { epoch: string; entries: LogEntry[] }>();
    for (const { topic, type, body, last = false } of events) {
      const key = keyOf(scope, topic);
      const log = this.#log(key);
      this.#empty.delete(key);
      const entry: LogEntry = { offset: ++log.offset, type, body, last };
      log.closed = last;
      log.entries.push(entry);
      log.bytes += Buffer.byteLength(body);
      this.#trim(log, { ...this.retention, ...keep });
      cursors.push({ epoch: log.epoch, offset: entry.offset });
      const message = messages.get(key);
      if (message) message.entries.push(entry);
      else messages.set(key, { epoch: log.epoch, entries: [entry] });
    }
    for (const { topic, idleMs } of events) {
      if (idleMs === undefined) continue;
      const key = keyOf(scope, topic);
      this.#log(key).idleMs = idleMs;
      this.#dropLater(this.#logs, key, idleMs);
    }
    const newest = cursors.findLast((_, index) => events[index]?.topic === events[0]?.topic);
    if (state?.stamp !== undefined && newest)
      this.#states.set(keyOf(scope, state.key), {
        ...this.#states.get(keyOf(scope, state.key)),
        [state.stamp]: formatCursor(newest),
      });
    if (retainMs !== undefined) this.#retain(change, retainMs);
    for (const [key, message] of messages) this.#publish(key, message);
    const committed = { accepted: true, cursors } as const;
    if (madeKey !== undefined) {
      this.#made.set(madeKey, committed);
      this.#dropLater(this.#made, madeKey, idempotencyMs);
    }
    return committed;
  }

  async readState({ scope, key }: StateKey): Promise<StateRecord | null> {
    return this.#states.get(keyOf(scope, key)) ?? null;
  }

  async listStates({ after, limit, ...query }: StateQuery): Promise<StatePage> {
    const { scope, index, order, contains } = query;
    const items: { key: string; state: StateRecord }[] = [];
    const gone: string[] = [];
    for (const key of this.#lists.keys(query)) {
      if (after !== undefined && (order === "ascending" ? key <= after : key >= after)) continue;
      const state = this.#states.get(keyOf(scope, key));
      if (!state) {
        for (const name of [index].flat()) this.#lists.unlist(scope, name, key);
        gone.push(key);
      } else if (contains && !contains.texts.every((text) => state[contains.field]?.includes(text))) continue;
      else if (items.length < limit) items.push({ key, state });
      else return { items, next: items.at(-1)?.key ?? null, gone, isLost: false };
    }
    return { items, next: null, gone, isLost: false };
  }

  async countListed(selection: StateSelection): Promise<number> {
    const all = await this.listStates({ ...selection, order: "ascending", limit: Number.POSITIVE_INFINITY });
    return all.items.length;
  }

  async listDue({ scope, limit }: DueQuery): Promise<DuePage> {
    const keys = this.#lists.due(scope, ownClock.now(), limit);
    const items = keys.map((key) => ({ key, state: this.#states.get(keyOf(scope, key)) ?? null }));
    return { items, isLost: false };
  }

  async countStates(scope: string, indexes?: readonly string[]): Promise<Readonly<Record<string, number>>> {
    const counts = this.#lists.counts(scope);
    return indexes ? Object.fromEntries(indexes.map((index) => [index, counts[index] ?? 0])) : counts;
  }

  async *scanStates(beginning: StateKey): AsyncGenerator<FoundState> {
    for (const [name, state] of this.#states) {
      const [scope = "", key = ""] = JSON.parse(name) as string[];
      if (scope.startsWith(beginning.scope) && key.startsWith(beginning.key)) yield { scope, key, state };
    }
  }

  async head({ scope, topic }: TopicKey): Promise<TopicHead> {
    return headOf(this.#logAsked(keyOf(scope, topic)));
  }

  async replay({ scope, topic }: TopicKey, after: Cursor | null, page: Page): Promise<Replay> {
    const log = this.#logAsked(keyOf(scope, topic));
    const trimmedOffset = log.offset - log.entries.length;
    const start = replayStartOf({ head: headOf(log), trimmedOffset, ancestors: log.ancestors }, after);
    if (start.kind === "gap") return start;
    const index = start.offset - trimmedOffset;
    return { kind: "events", entries: pageOf(log.entries, index, page), head: headOf(log) };
  }

  async fork({ scope, topic }: TopicKey, shared: Cursor): Promise<void> {
    const log = this.#log(keyOf(scope, topic));
    if (log.epoch !== shared.epoch) return;
    log.ancestors.unshift(shared);
    log.ancestors.splice(maxAncestors);
    log.epoch = randomEpoch();
  }

  async listen({ scope, topic }: TopicKey, listener: TopicListener): Promise<AsyncDisposable> {
    const key = keyOf(scope, topic);
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(listener));
    return {
      [Symbol.asyncDispose]: async () => {
        listeners.delete(listener);
        if (listeners.size === 0 && this.#listeners.get(key) === listeners) this.#listeners.delete(key);
      },
    };
  }

  async ping(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timers of this.#timers.values()) for (const timer of timers.values()) clearTimeout(timer);
    this.#listeners.clear();
  }

  #set(
    scope: string,
    { key, set, index, unlist = [], due, remove }: StateChange,
    current: StateRecord | null,
  ): void {
    if (remove) this.#states.delete(keyOf(scope, key));
    else this.#states.set(keyOf(scope, key), { ...current, ...set });
    for (const name of [index ?? []].flat()) this.#lists.list(scope, name, key);
    for (const name of unlist) this.#lists.unlist(scope, name, key);
    if (due !== undefined) this.#lists.setDue(scope, key, due);
  }

  #log(key: string): Log {
    this.#forgetEmpty();
    let log = this.#logs.get(key);
    if (!log)
      this.#logs.set(
        key,
        (log = { epoch: randomEpoch(), ancestors: [], offset: 0, closed: false, entries: [], bytes: 0 }),
      );
    return log;
  }

  #trim(log: Log, { maxEvents, maxBytes = defaultMaxBytes }: Retention): void {
    while (log.entries.length > maxEvents || (log.entries.length > 1 && log.bytes > maxBytes))
      log.bytes -= Buffer.byteLength(log.entries.shift()?.body ?? "");
  }

  #logAsked(key: string): Log {
    const log = this.#log(key);
    if (log.idleMs !== undefined && !log.closed) this.#dropLater(this.#logs, key, log.idleMs);
    if (log.offset > 0) return log;
    this.#empty.delete(key);
    this.#empty.set(key, Date.now() + (this.retention.emptyTopicMs ?? emptyTopicMs));
    return log;
  }

  /** Without timers: many topics are asked for that never get an event. */
  #forgetEmpty(): void {
    const now = Date.now();
    for (const [key, forgottenAt] of this.#empty) {
      if (forgottenAt > now) return;
      this.#empty.delete(key);
      this.#logs.delete(key);
    }
  }

  /** Listeners hear of a commit after it returned, as they would over a network. */
  #publish(key: string, message: LogMessage): void {
    const listeners = this.#listeners.get(key);
    if (!listeners) return;
    queueMicrotask(() => {
      for (const listener of listeners) listener.onMessage(message);
    });
  }

  #retain({ scope, state, events, closedTopics = [] }: Commit, retainMs: number): void {
    if (state) this.#dropLater(this.#states, keyOf(scope, state.key), retainMs);
    if (state && retainMs === 0)
      for (const index of [state.index ?? []].flat()) this.#lists.unlist(scope, index, state.key);
    const closing = events.filter(({ last }) => last).map(({ topic }) => topic);
    for (const topic of [...closing, ...closedTopics])
      this.#dropLater(this.#logs, keyOf(scope, topic), retainMs);
  }

  /** As PEXPIRE does: what was said before about this key no longer counts. */
  #dropLater(where: Map<string, unknown>, key: string, afterMs: number): void {
    const timers = this.#timers.get(where) ?? new Map<string, NodeJS.Timeout>();
    this.#timers.set(where, timers);
    clearTimeout(timers.get(key));
    timers.delete(key);
    if (afterMs <= 0) return void where.delete(key);
    const stepMs = Math.min(afterMs, maxTimerMs);
    timers.set(key, setTimeout(() => this.#dropLater(where, key, afterMs - stepMs), stepMs).unref());
  }
}

function isExpected(current: StateRecord | null, { expect, expectPast }: StateChange): boolean {
  if (expectPast !== undefined && !(Number(current?.[expectPast] || Number.NaN) <= ownClock.now()))
    return false;
  if (expect === undefined) return true;
  if (expect === "absent") return current === null;
  return Object.entries(expect).every(([field, values]) => values.includes(current?.[field] ?? ""));
}

function pageOf(entries: readonly LogEntry[], start: number, page: Page): LogEntry[] {
  let [end, bytes] = [start, 0];
  for (; end < entries.length && end - start < page.entries; end++) {
    bytes += Buffer.byteLength(entries[end]?.body ?? "");
    if (end > start && bytes > page.bytes) break;
  }
  return entries.slice(start, end);
}

function headOf(log: Log): TopicHead {
  return { cursor: { epoch: log.epoch, offset: log.offset }, closed: log.closed };
}

function keyOf(scope: string, name: string): string {
  return JSON.stringify([scope, name]);
}
