import type { Cursor } from "@jobwire/shared";
import { randomEpoch } from "./epoch.js";
import { MemoryLists } from "./memory-lists.js";
import type { Committed, LogEntry, Retention, StateRecord } from "./store.js";
import { defaultMaxBytes, emptyTopicMs } from "./store.js";

/** A timer cannot wait longer. */
const maxTimerMs = 2_147_483_647;

export interface Log {
  /** Of this log and no other that had the name, or will have it. */
  readonly id: string;
  epoch: string;
  readonly ancestors: Cursor[];
  offset: number;
  closed: boolean;
  entries: LogEntry[];
  idleMs?: number;
  /** Of the bodies of `entries`. */
  bytes: number;
}

export type Accepted = Extract<Committed, { readonly accepted: true }>;

/** `made`: the answers to commits with an idempotency key. */
export type Kind = "state" | "log" | "made";

/** What a store in memory holds, each under its name (`nameOf`), and until when. */
export class MemoryContents implements Disposable {
  readonly #states = new Map<string, StateRecord>();
  readonly #logs = new Map<string, Log>();
  readonly #made = new Map<string, Accepted>();
  readonly lists = new MemoryLists();
  /** Logs without entries that were asked for, and when they are forgotten: the next one first. */
  readonly #empty = new Map<string, number>();
  readonly #ends = {
    state: new Map<string, End>(),
    log: new Map<string, End>(),
    made: new Map<string, End>(),
  };

  constructor(
    private readonly retention: Retention,
    /** Hears of each change of what is under a name, also of one that time made. */
    private readonly onChange: (kind: Kind, name: string) => void = () => {},
  ) {}

  state(name: string): StateRecord | null {
    return this.#states.get(name) ?? null;
  }

  states(): IterableIterator<[string, StateRecord]> {
    return this.#states.entries();
  }

  setState(name: string, state: StateRecord | null): void {
    if (state) this.#states.set(name, state);
    else {
      this.#states.delete(name);
      this.#keep("state", name);
    }
    this.onChange("state", name);
  }

  list(scope: string, indexes: readonly string[], key: string): void {
    for (const index of indexes) this.lists.list(scope, index, key);
    if (indexes.length > 0) this.onChange("state", nameOf(scope, key));
  }

  unlist(scope: string, indexes: readonly string[], key: string): void {
    for (const index of indexes) this.lists.unlist(scope, index, key);
    if (indexes.length > 0) this.onChange("state", nameOf(scope, key));
  }

  setDue(scope: string, key: string, dueMs: number | null): void {
    this.lists.setDue(scope, key, dueMs);
    this.onChange("state", nameOf(scope, key));
  }

  made(name: string): Accepted | undefined {
    return this.#made.get(name);
  }

  setMade(name: string, accepted: Accepted): void {
    this.#made.set(name, accepted);
    this.onChange("made", name);
  }

  isClosed(name: string): boolean {
    return this.#logs.get(name)?.closed ?? false;
  }

  /** The log of that name as it is; `undefined` when there is none. */
  existingLog(name: string): Log | undefined {
    return this.#logs.get(name);
  }

  /** The log of that name; one is made when there is none. */
  log(name: string): Log {
    this.#forgetEmpty();
    const known = this.#logs.get(name);
    if (known) return known;
    const epoch = randomEpoch();
    const log = { id: epoch, epoch, ancestors: [], offset: 0, closed: false, entries: [], bytes: 0 };
    this.setLog(name, log);
    return log;
  }

  setLog(name: string, log: Log): void {
    this.#logs.set(name, log);
    if (log.offset === 0) this.#forgetLater(name);
    this.onChange("log", name);
  }

  append(name: string, log: Log, entry: LogEntry, keep: Retention): void {
    if (log.offset === 0) this.#keep("log", name);
    this.#empty.delete(name);
    log.offset = entry.offset;
    log.closed = entry.last;
    log.entries.push(entry);
    log.bytes += Buffer.byteLength(entry.body);
    const { maxEvents, maxBytes = defaultMaxBytes } = keep;
    while (log.entries.length > maxEvents || (log.entries.length > 1 && log.bytes > maxBytes))
      log.bytes -= Buffer.byteLength(log.entries.shift()?.body ?? "");
    this.onChange("log", name);
  }

  fork(name: string, log: Log, shared: Cursor, maxAncestors: number): void {
    log.ancestors.unshift(shared);
    log.ancestors.splice(maxAncestors);
    log.epoch = randomEpoch();
    this.onChange("log", name);
  }

  /** The log for somebody who reads it: that counts where time without any use makes it forgotten. */
  logAsked(name: string): Log {
    const log = this.log(name);
    if (log.idleMs !== undefined && !log.closed) this.dropLater("log", name, log.idleMs);
    if (log.offset === 0) this.#forgetLater(name);
    return log;
  }

  /** When it is dropped, in milliseconds since 1970. */
  endsAt(kind: Kind, name: string): number | undefined {
    return this.#ends[kind].get(name)?.atMs;
  }

  /** As PEXPIRE does: what was said before about this name no longer counts. */
  dropLater(kind: Kind, name: string, afterMs: number): void {
    this.#keep(kind, name);
    if (afterMs > 0) this.#endAt(kind, name, Date.now() + afterMs);
    else if (kind === "state") this.#states.delete(name);
    else (kind === "log" ? this.#logs : this.#made).delete(name);
    this.onChange(kind, name);
  }

  /** As PERSIST does. */
  #keep(kind: Kind, name: string): void {
    const ends = this.#ends[kind];
    clearTimeout(ends.get(name)?.timer);
    ends.delete(name);
  }

  [Symbol.dispose](): void {
    for (const ends of Object.values(this.#ends)) for (const { timer } of ends.values()) clearTimeout(timer);
  }

  #endAt(kind: Kind, name: string, atMs: number): void {
    const waitMs = Math.max(0, Math.min(atMs - Date.now(), maxTimerMs));
    const timer = setTimeout(() => {
      if (waitMs === maxTimerMs) this.#endAt(kind, name, atMs);
      else this.dropLater(kind, name, 0);
    }, waitMs).unref();
    this.#ends[kind].set(name, { atMs, timer });
  }

  #forgetLater(name: string): void {
    this.#empty.delete(name);
    this.#empty.set(name, Date.now() + (this.retention.emptyTopicMs ?? emptyTopicMs));
  }

  /** Without timers: many topics are asked for that never get an event. */
  #forgetEmpty(): void {
    const now = Date.now();
    for (const [name, forgottenAt] of this.#empty) {
      if (forgottenAt > now) return;
      this.#empty.delete(name);
      this.#logs.delete(name);
      this.onChange("log", name);
    }
  }
}

interface End {
  readonly atMs: number;
  readonly timer: NodeJS.Timeout;
}

export function nameOf(scope: string, key: string): string {
  return JSON.stringify([scope, key]);
}

/** What `nameOf` made a name of. */
export function partsOf(name: string): { readonly scope: string; readonly key: string } {
  const [scope = "", key = ""] = JSON.parse(name) as string[];
  return { scope, key };
}
