import { formatCursor, type Cursor } from "@jobwire/shared";
import { maxAncestors } from "./fork.lua.js";
import { MemoryContents, nameOf, partsOf, type Log } from "./memory-contents.js";
import { replayStartOf } from "./replay-start.js";
import { ownClock } from "./store-clock.js";
import { idempotencyMs } from "./store.js";
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
import { expectNumbers, expectRetention } from "./whole-numbers.js";

/** Everything in this process's memory: for development, demos and tests. A restart forgets it. */
export function openMemoryStore(retention: Retention): Store {
  expectRetention(retention);
  // Listeners hear of a commit after it returned, as they would over a network.
  return new MemoryStore(retention, new MemoryContents(retention), queueMicrotask);
}

/** What the port promises, on what is in memory. */
export class MemoryStore implements Store {
  readonly isReachable = true;
  readonly clock = ownClock;
  readonly warnings = [];
  readonly #listeners = new Map<string, Set<TopicListener>>();

  constructor(
    private readonly retention: Retention,
    private readonly contents: MemoryContents,
    /** Called in the order of the commits; what it is given tells the listeners. */
    private readonly deliver: (send: () => void) => void,
  ) {}

  async commit(change: Commit): Promise<Committed> {
    expectNumbers(change);
    const { scope, state, events, retainMs, keep, idempotencyKey } = change;
    const madeName = idempotencyKey === undefined ? undefined : nameOf(scope, idempotencyKey);
    const made = madeName === undefined ? undefined : this.contents.made(madeName);
    if (made) return { ...made, repeated: true };
    if (change.expectOpen && events.some(({ topic }) => this.contents.isClosed(nameOf(scope, topic))))
      return { accepted: false, state: null };
    if (state) {
      const current = this.contents.state(nameOf(scope, state.key));
      if (!isExpected(current, state)) return { accepted: false, state: current };
      this.#set(scope, state, current);
    }
    const cursors: Cursor[] = [];
    const messages = new Map<string, { epoch: string; entries: LogEntry[] }>();
    for (const { topic, type, body, last = false } of events) {
      const name = nameOf(scope, topic);
      const log = this.contents.log(name);
      const entry: LogEntry = { offset: log.offset + 1, type, body, last };
      this.contents.append(name, log, entry, { ...this.retention, ...keep });
      cursors.push({ epoch: log.epoch, offset: entry.offset });
      const message = messages.get(name);
      if (message) message.entries.push(entry);
      else messages.set(name, { epoch: log.epoch, entries: [entry] });
    }
    for (const { topic, idleMs } of events) {
      if (idleMs === undefined) continue;
      const name = nameOf(scope, topic);
      this.contents.log(name).idleMs = idleMs;
      this.contents.dropLater("log", name, idleMs);
    }
    const newest = cursors.findLast((_, index) => events[index]?.topic === events[0]?.topic);
    if (state?.stamp !== undefined && !state.remove && newest) {
      const name = nameOf(scope, state.key);
      this.contents.setState(name, { ...this.contents.state(name), [state.stamp]: formatCursor(newest) });
    }
    if (retainMs !== undefined) this.#retain(change, retainMs);
    for (const [name, message] of messages) this.#publish(name, message);
    const committed = { accepted: true, cursors } as const;
    if (madeName !== undefined) {
      this.contents.setMade(madeName, committed);
      this.contents.dropLater("made", madeName, idempotencyMs);
    }
    return committed;
  }

  async readState({ scope, key }: StateKey): Promise<StateRecord | null> {
    return this.contents.state(nameOf(scope, key));
  }

  async listStates({ after, limit, ...query }: StateQuery): Promise<StatePage> {
    const { scope, index, order, contains } = query;
    const items: { key: string; state: StateRecord }[] = [];
    const gone: string[] = [];
    for (const key of this.contents.lists.keys(query)) {
      if (after !== undefined && (order === "ascending" ? key <= after : key >= after)) continue;
      const state = this.contents.state(nameOf(scope, key));
      if (!state) {
        this.contents.unlist(scope, [index].flat(), key);
        gone.push(key);
      } else if (contains && !isFound(key, state, contains)) continue;
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
    const keys = this.contents.lists.due(scope, ownClock.now(), limit);
    const items = keys.map((key) => ({ key, state: this.contents.state(nameOf(scope, key)) }));
    return { items, isLost: false };
  }

  async nextDue(scope: string): Promise<number | null> {
    return this.contents.lists.nextDue(scope);
  }

  async countStates(scope: string, indexes?: readonly string[]): Promise<Readonly<Record<string, number>>> {
    const counts = this.contents.lists.counts(scope);
    return indexes ? Object.fromEntries(indexes.map((index) => [index, counts[index] ?? 0])) : counts;
  }

  /** What lists a state is what is counted. */
  async recount(): Promise<void> {}

  async *scanStates(beginning: StateKey): AsyncGenerator<FoundState> {
    for (const [name, state] of this.contents.states()) {
      const { scope, key } = partsOf(name);
      if (scope.startsWith(beginning.scope) && key.startsWith(beginning.key)) yield { scope, key, state };
    }
  }

  async head({ scope, topic }: TopicKey): Promise<TopicHead> {
    return headOf(this.contents.logAsked(nameOf(scope, topic)));
  }

  async replay({ scope, topic }: TopicKey, after: Cursor | null, page: Page): Promise<Replay> {
    const log = this.contents.logAsked(nameOf(scope, topic));
    const trimmedOffset = log.offset - log.entries.length;
    const start = replayStartOf({ head: headOf(log), trimmedOffset, ancestors: log.ancestors }, after);
    if (start.kind === "gap") return start;
    const index = start.offset - trimmedOffset;
    return { kind: "events", entries: pageOf(log.entries, index, page), head: headOf(log) };
  }

  async fork({ scope, topic }: TopicKey, shared: Cursor): Promise<void> {
    const name = nameOf(scope, topic);
    const log = this.contents.log(name);
    if (log.epoch === shared.epoch) this.contents.fork(name, log, shared, maxAncestors);
  }

  async listen({ scope, topic }: TopicKey, listener: TopicListener): Promise<AsyncDisposable> {
    const key = nameOf(scope, topic);
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
    this.contents[Symbol.dispose]();
    this.#listeners.clear();
  }

  #set(
    scope: string,
    { key, set, index, unlist = [], due, remove }: StateChange,
    current: StateRecord | null,
  ): void {
    this.contents.setState(nameOf(scope, key), remove ? null : { ...current, ...set });
    this.contents.list(scope, [index ?? []].flat(), key);
    this.contents.unlist(scope, unlist, key);
    if (due !== undefined) this.contents.setDue(scope, key, due);
  }

  #publish(name: string, message: LogMessage): void {
    const listeners = this.#listeners.get(name);
    if (!listeners) return;
    this.deliver(() => {
      for (const listener of listeners) listener.onMessage(message);
    });
  }

  #retain({ scope, state, events, closedTopics = [] }: Commit, retainMs: number): void {
    if (state && !state.remove) this.contents.dropLater("state", nameOf(scope, state.key), retainMs);
    if (state && retainMs === 0) this.contents.unlist(scope, [state.index ?? []].flat(), state.key);
    const closing = events.filter(({ last }) => last).map(({ topic }) => topic);
    for (const topic of [...closing, ...closedTopics])
      this.contents.dropLater("log", nameOf(scope, topic), retainMs);
  }
}

function isExpected(current: StateRecord | null, { expect, expectPast }: StateChange): boolean {
  if (expectPast !== undefined && !(Number(current?.[expectPast] || Number.NaN) <= ownClock.now()))
    return false;
  if (expect === undefined) return true;
  if (expect === "absent") return current === null;
  return Object.entries(expect).every(([field, values]) => values.includes(current?.[field] ?? ""));
}

function isFound(
  key: string,
  state: StateRecord,
  { field, texts, inKeys }: NonNullable<StateSelection["contains"]>,
): boolean {
  // Half a character is not a part of a whole one.
  const [listed, own] = [state[field]?.toWellFormed(), key.toWellFormed()];
  return texts
    .map((text) => text.toWellFormed())
    .every((text) => listed?.includes(text) || (inKeys && own.includes(text)));
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
