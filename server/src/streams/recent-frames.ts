import type { LogEntry } from "../store/store.js";
import type { Frame } from "./frame.js";

export interface RecentLimits {
  readonly maxFrames: number;
  /** In UTF-16 code units, over all bodies; a single one may be longer. */
  readonly maxBodyLength: number;
}

/** The newest frames of one topic, without holes, bounded by count and by the length of their bodies. */
export class RecentFrames {
  #frames: Frame[] = [];
  #bodyLength = 0;

  constructor(private readonly limits: RecentLimits) {}

  get oldestOffset(): number | undefined {
    return this.#frames[0]?.offset;
  }

  get newest(): Frame | undefined {
    return this.#frames.at(-1);
  }

  /** Adds the frame that follows the newest one. */
  append(frame: Frame): void {
    this.#frames.push(frame);
    this.#bodyLength += frame.body.length;
    this.#trim();
  }

  /** Adds frames that end right before the oldest one. */
  prepend(frames: readonly Frame[]): void {
    this.#frames = [...frames, ...this.#frames];
    for (const frame of frames) this.#bodyLength += frame.body.length;
    this.#trim();
  }

  clear(): void {
    this.#frames = [];
    this.#bodyLength = 0;
  }

  /** The frames after this offset; `null` when some of them are no longer here. */
  after(offset: number): readonly Frame[] | null {
    const oldest = this.oldestOffset;
    if (oldest === undefined || offset < oldest - 1) return null;
    return this.#frames.slice(offset - oldest + 1);
  }

  /** The offset of the last entry, in the order given, that is the same here. */
  lastShared(entries: readonly LogEntry[]): number | undefined {
    let shared: number | undefined;
    for (const entry of entries) {
      const frame = this.#at(entry.offset);
      if (!frame || !isSame(frame, entry)) break;
      shared = entry.offset;
    }
    return shared;
  }

  /** Whether each entry whose offset is here is the same here. */
  agreesWith(entries: readonly LogEntry[]): boolean {
    return entries.every((entry) => {
      const frame = this.#at(entry.offset);
      return !frame || isSame(frame, entry);
    });
  }

  #at(offset: number): Frame | undefined {
    const oldest = this.oldestOffset;
    return oldest === undefined || offset < oldest ? undefined : this.#frames[offset - oldest];
  }

  #trim(): void {
    const { maxFrames, maxBodyLength } = this.limits;
    while (this.#frames.length > maxFrames || (this.#bodyLength > maxBodyLength && this.#frames.length > 1)) {
      this.#bodyLength -= this.#frames.shift()?.body.length ?? 0;
    }
  }
}

function isSame(one: LogEntry, other: LogEntry): boolean {
  return one.type === other.type && one.body === other.body;
}
