import type { Cursor, StreamGapReason } from "@jobwire/shared";
import { AppError } from "../app-error.js";
import type { LogEntry, LogMessage, Store, TopicKey, TopicListener } from "../store/store.js";
import { RecentEntries } from "./recent-entries.js";

/** What follows a position: entries, or the news that some cannot be had, or that there will never be any. */
export type HubRead =
  | { readonly kind: "entries"; readonly epoch: string; readonly entries: readonly LogEntry[] }
  | { readonly kind: "gap"; readonly reason: StreamGapReason; readonly resumeAfter: Cursor }
  | { readonly kind: "end" };

const pageSize = 256;
const recentLimits = { maxEntries: pageSize, maxBodyLength: 1_048_576 };
const retryDelayMs = 500;

/**
 * One topic as this process sees it: one listener on the store for all local subscribers, and the newest entries in
 * memory, so that subscribers who come back cost the store one read per topic.
 *
 * The hub follows the log by offset: an entry is taken only when it is the next one. A hole makes it read the log, a
 * repeat is dropped, and when the log is another one (or was set back) the hub moves to it. Each subscriber keeps its
 * own position and asks for what follows it; the hub queues nothing for anybody, so a slow one costs no memory.
 */
export class TopicHub implements AsyncDisposable, TopicListener {
  readonly #recent = new RecentEntries(recentLimits);
  readonly #waiting = new Set<() => void>();
  #head: Cursor = { epoch: "", offset: 0 };
  #closed = false;
  #attached = false;
  #disposed = false;
  #behind = false;
  #listening: AsyncDisposable | undefined;
  #catchingUp: Promise<void> | undefined;
  #backfilling: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;

  private constructor(
    private readonly store: Store,
    private readonly topic: TopicKey,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Listens first, then asks where the log ends: what is published in between is caught up with. */
  static async open(store: Store, topic: TopicKey, onError: (error: unknown) => void): Promise<TopicHub> {
    const hub = new TopicHub(store, topic, onError);
    try {
      hub.#listening = await store.listen(topic, hub);
      const { cursor, closed } = await store.head(topic);
      hub.#moveTo(cursor, closed);
      hub.#attached = true;
      if (hub.#behind) void hub.#catchUp();
    } catch (error) {
      await hub[Symbol.asyncDispose]();
      throw error;
    }
    return hub;
  }

  /** After the newest entry this hub knows of. */
  get head(): Cursor {
    return this.#head;
  }

  /**
   * What follows `position` (`null`: what is retained), as soon as there is anything.
   * @returns `end` when the topic is closed and `position` is after its last entry, and when `signal` aborts.
   * @throws AppError `STORE_UNAVAILABLE` when it must be read from the store and cannot be.
   */
  async next(position: Cursor | null, signal: AbortSignal): Promise<HubRead> {
    while (!signal.aborted) {
      if (this.#disposed) throw new AppError("STORE_UNAVAILABLE", "The server is shutting down; connect again.");
      const entries = this.#known(position);
      if (entries === null) {
        const read = await this.#readLog(position);
        if (read) return read;
      } else if (entries.length > 0) {
        return { kind: "entries", epoch: this.#head.epoch, entries };
      } else if (this.#closed) {
        break;
      } else {
        await this.#changed(signal);
      }
    }
    return { kind: "end" };
  }

  onMessage({ epoch, entries }: LogMessage): void {
    if (this.#attached) this.#take(epoch, entries);
    else this.#behind = true;
  }

  onRestored(): void {
    this.#behind = true;
    if (this.#attached) void this.#catchUp();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    clearTimeout(this.#retry);
    this.#wake();
    await this.#listening?.[Symbol.asyncDispose]();
  }

  /** The entries after `position` when they are in memory, `[]` when it is the head, else `null`. */
  #known(position: Cursor | null): readonly LogEntry[] | null {
    const { epoch, offset } = this.#head;
    if (position === null) {
      if (offset === 0) return [];
      return this.#recent.oldestOffset === 1 ? this.#recent.after(0) : null;
    }
    if (position.epoch !== epoch || position.offset > offset) return null;
    return position.offset === offset ? [] : this.#recent.after(position.offset);
  }

  /** For a position that is not in memory. `null`: look there again. */
  async #readLog(position: Cursor | null): Promise<HubRead | null> {
    if (this.#head.offset - (position?.offset ?? 0) <= pageSize) {
      await (this.#backfilling ??= this.#backfill());
      if (this.#known(position) !== null) return null;
    }
    const read = await this.store.replay(this.topic, position, pageSize);
    if (read.kind === "gap") return read;
    if (read.entries.length > 0) return { kind: "entries", epoch: read.head.cursor.epoch, entries: read.entries };
    // The subscriber has seen all of the log and this hub has not: another process was faster.
    this.#behind = true;
    await this.#catchUp();
    return null;
  }

  /** Reads the newest page of the log once, so that all who come back find it in memory. */
  async #backfill(): Promise<void> {
    const { epoch, offset } = this.#head;
    try {
      let read = await this.store.replay(this.topic, { epoch, offset: Math.max(0, offset - pageSize) }, pageSize);
      if (read.kind === "gap") read = await this.store.replay(this.topic, read.resumeAfter, pageSize);
      if (read.kind === "gap" || read.head.cursor.epoch !== this.#head.epoch) return;
      const end = this.#recent.oldestOffset ?? this.#head.offset + 1;
      const older = read.entries.filter((entry) => entry.offset < end);
      if (older.at(-1)?.offset === end - 1) this.#recent.prepend(older);
    } catch (error) {
      this.#backfilling = undefined;
      throw error;
    }
  }

  /** Reads the log from where this hub is to its end. One at a time; what happens meanwhile makes it go on. */
  #catchUp(): Promise<void> {
    this.#catchingUp ??= this.#readToEnd().finally(() => {
      this.#catchingUp = undefined;
    });
    return this.#catchingUp;
  }

  async #readToEnd(): Promise<void> {
    while (this.#behind && !this.#disposed) {
      this.#behind = false;
      try {
        const read = await this.store.replay(this.topic, this.#head, pageSize);
        if (read.kind === "gap") {
          this.#moveTo(read.resumeAfter, false);
          this.#behind = true;
        } else {
          this.#take(read.head.cursor.epoch, read.entries);
          this.#behind ||= this.#head.offset < read.head.cursor.offset;
        }
      } catch (error) {
        this.onError(error);
        this.#behind = true;
        this.#retry = setTimeout(() => void this.#catchUp(), retryDelayMs).unref();
        return;
      }
    }
  }

  #take(epoch: string, entries: readonly LogEntry[]): void {
    const before = this.#head;
    for (const entry of entries) {
      if (epoch !== this.#head.epoch || entry.offset > this.#head.offset + 1) {
        this.#behind = true;
        void this.#catchUp();
        break;
      }
      if (entry.offset <= this.#head.offset) continue;
      this.#recent.append(entry);
      this.#head = { epoch, offset: entry.offset };
      this.#closed = entry.last;
    }
    if (this.#head !== before) this.#wake();
  }

  #moveTo(head: Cursor, closed: boolean): void {
    this.#head = head;
    this.#closed = closed;
    this.#recent.clear();
    this.#backfilling = undefined;
    this.#wake();
  }

  #changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
