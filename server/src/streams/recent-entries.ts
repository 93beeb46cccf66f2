import type { LogEntry } from "../store/store.js";

export interface RecentLimits {
  readonly maxEntries: number;
  /** In UTF-16 code units, over all bodies. */
  readonly maxBodyLength: number;
}

/** The newest entries of one log, without holes, bounded by count and by the length of their bodies. */
export class RecentEntries {
  #entries: LogEntry[] = [];
  #bodyLength = 0;

  constructor(private readonly limits: RecentLimits) {}

  get oldestOffset(): number | undefined {
    return this.#entries[0]?.offset;
  }

  /** Adds the entry that follows the newest one. */
  append(entry: LogEntry): void {
    this.#entries.push(entry);
    this.#bodyLength += entry.body.length;
    this.#trim();
  }

  /** Adds entries that end right before the oldest one. */
  prepend(entries: readonly LogEntry[]): void {
    this.#entries = [...entries, ...this.#entries];
    for (const entry of entries) this.#bodyLength += entry.body.length;
    this.#trim();
  }

  clear(): void {
    this.#entries = [];
    this.#bodyLength = 0;
  }

  /** The entries after this offset; `null` when some of them are no longer here. */
  after(offset: number): readonly LogEntry[] | null {
    const oldest = this.oldestOffset;
    if (oldest === undefined || offset < oldest - 1) return null;
    return this.#entries.slice(offset - oldest + 1);
  }

  #trim(): void {
    const { maxEntries, maxBodyLength } = this.limits;
    while (this.#entries.length > maxEntries || this.#bodyLength > maxBodyLength) {
      this.#bodyLength -= this.#entries.shift()?.body.length ?? 0;
    }
  }
}
