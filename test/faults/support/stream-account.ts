import { formatCursor, parseCursor, type Cursor } from "@jobwire/shared";
import type { LogSeen } from "./log-reading.js";
import type { Watcher } from "./watcher.js";

/** What one stream received, held against the log as it is in the end. */
export interface StreamAccount {
  readonly deliveries: number;
  readonly gaps: number;
  readonly lost: number;
  readonly doubled: number;
  readonly isDisordered: boolean;
  readonly problems: readonly string[];
}

/**
 * Walks through a stream: each event must be the next one, each gap must begin where the stream was and end where it
 * goes on, and in the end every event of the log must have been there or be covered by a gap.
 */
export function accountStream(watcher: Watcher, log: LogSeen): StreamAccount {
  const account = new Walk(watcher.name, log);
  for (const delivery of watcher.deliveries) account.take(delivery);
  return account.finish();
}

class Walk {
  readonly #problems: string[] = [];
  /** Offsets of the final log that this stream has seen as they are there now. */
  readonly #seen = new Set<number>();
  /** Offsets of the final log that a gap says are missing. */
  readonly #covered = new Set<number>();
  /** Since the last gap: what comes after one may repeat what was before. */
  #texts = new Set<string>();
  #position: Cursor | null = null;
  #deliveries = 0;
  #gaps = 0;
  #doubled = 0;
  #isDisordered = false;

  constructor(
    private readonly name: string,
    private readonly log: LogSeen,
  ) {}

  take({ id, text, gap }: Watcher["deliveries"][number]): void {
    const cursor = parseCursor(id);
    if (!cursor) return this.#complain(`${id} is no cursor`);
    if (gap) {
      this.#gaps += 1;
      if (this.#position && gap.from !== formatCursor(this.#position))
        this.#complain(`a gap from ${gap.from} came at ${formatCursor(this.#position)}`);
      if (gap.to !== id) this.#complain(`a gap to ${gap.to} has the id ${id}`);
      if (!gap.hasSnapshot) this.#complain(`the gap at ${id} has no snapshot`);
      const from = parseCursor(gap.from);
      const start = gap.reason === "trimmed" ? (from?.offset ?? 0) : 0;
      for (let offset = start + 1; offset <= cursor.offset; offset++) this.#covered.add(offset);
      this.#texts = new Set();
      this.#position = cursor;
      return;
    }
    this.#deliveries += 1;
    this.#checkPlace(cursor);
    if (this.#texts.has(text)) {
      this.#doubled += 1;
      this.#complain(`${id} came twice: ${text}`);
    }
    this.#texts.add(text);
    if (this.log.entries.get(cursor.offset) === text) this.#seen.add(cursor.offset);
    else if (cursor.epoch === this.log.head.epoch)
      this.#complain(`${id} is not what the log has there: ${text}`);
    this.#position = cursor;
  }

  finish(): StreamAccount {
    let lost = 0;
    const { head, entries } = this.log;
    for (const [offset, text] of entries) {
      if (this.#seen.has(offset) || this.#covered.has(offset)) continue;
      lost += 1;
      this.#complain(`${head.epoch}:${offset} never came: ${text}`);
    }
    const end = this.#position ? formatCursor(this.#position) : "nothing";
    if (end !== formatCursor(head) && head.offset > 0 && !this.#isShared(this.#position)) {
      this.#complain(`the stream ends at ${end}, the log at ${formatCursor(head)}`);
    }
    if (this.#isDisordered) this.#problems.unshift(`${this.name}: out of order`);
    const { length } = this.#problems;
    const shown = this.#problems.slice(0, 8);
    if (length > shown.length) shown.push(`${this.name}: and ${length - shown.length} more`);
    return {
      deliveries: this.#deliveries,
      gaps: this.#gaps,
      lost,
      doubled: this.#doubled,
      isDisordered: this.#isDisordered,
      problems: shown,
    };
  }

  #checkPlace(cursor: Cursor): void {
    const before = this.#position;
    if (!before) {
      if (cursor.offset !== 1) this.#complain(`began at ${formatCursor(cursor)}`);
      return;
    }
    if (cursor.epoch !== before.epoch && !this.#isShared(before))
      this.#complain(`${formatCursor(cursor)} came after ${formatCursor(before)} without a gap`);
    if (cursor.offset <= before.offset) {
      this.#isDisordered = true;
      this.#complain(`${formatCursor(cursor)} came after ${formatCursor(before)}`);
    } else if (cursor.offset > before.offset + 1) {
      this.#complain(`${formatCursor(cursor)} came right after ${formatCursor(before)}`);
    }
  }

  /** In a part of the log that is the same under the epoch of now. */
  #isShared(position: Cursor | null): boolean {
    return this.log.ancestors.some(
      ({ epoch, offset }) => epoch === position?.epoch && position.offset <= offset,
    );
  }

  #complain(problem: string): void {
    this.#problems.push(`${this.name}: ${problem}`);
  }
}
