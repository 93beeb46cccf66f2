import type { Cursor } from "@jobwire/shared";
import type { Replay, TopicKey } from "../store/store.js";
import { comparedPage } from "./pages.js";
import type { LogStore } from "./readable-store.js";
import type { RecentFrames } from "./recent-frames.js";

/** Compares a topic's log with the frames in memory, to find out whether it was set back since they were delivered. */
export class LogComparison {
  constructor(
    private readonly store: LogStore,
    private readonly topic: TopicKey,
    private readonly recent: RecentFrames,
  ) {}

  /** Whether a log that has been read from before the newest frame lacks that, or has something else in its place. */
  showsSetBack(read: Replay, head: Cursor): boolean {
    if (read.kind === "gap") return this.endsBefore(head, read);
    return read.head.cursor.epoch === head.epoch && this.recent.lastShared(read.entries) === undefined;
  }

  /** Whether the log, asked for what follows a cursor of this epoch, ends before this one. */
  endsBefore({ epoch, offset }: Cursor, { reason, resumeAfter }: Extract<Replay, { kind: "gap" }>): boolean {
    return reason === "log-lost" && resumeAfter.epoch === epoch && resumeAfter.offset < offset;
  }

  /**
   * Whether the frames up to `shared` are in the log. Another process has said so by the epoch it gave to the log, but
   * it may have had less in memory to compare.
   */
  async confirms(shared: Cursor): Promise<boolean> {
    const { oldestOffset } = this.recent;
    if (oldestOffset === undefined || oldestOffset > shared.offset) return true;
    const entries = await this.#retainedFrom({ ...shared, offset: oldestOffset - 1 });
    return this.recent.agreesWith(entries.filter(({ offset }) => offset <= shared.offset));
  }

  /**
   * Gives the log, which goes by this epoch, a new one. Everything delivered after the last entry that is still the same
   * is lost, and cursors into it are to say so. When none in memory is still the same, nobody can say how far the two
   * agree: then all cursors are.
   */
  async fork(epoch: string): Promise<void> {
    const entries = await this.#retainedFrom({ epoch, offset: (this.recent.oldestOffset ?? 1) - 1 });
    await this.store.fork(this.topic, { epoch, offset: this.recent.lastShared(entries) ?? 0 });
  }

  async #retainedFrom(cursor: Cursor) {
    let read = await this.store.replay(this.topic, cursor, comparedPage);
    if (read.kind === "gap" && read.reason === "trimmed")
      read = await this.store.replay(this.topic, read.resumeAfter, comparedPage);
    return read.kind === "gap" ? [] : read.entries;
  }
}
