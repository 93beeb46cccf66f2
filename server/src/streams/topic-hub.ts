import { formatCursor, type Cursor } from "@jobwire/shared";
import { AppError } from "../app-error.js";
import type { LogMessage, Page, Replay, TopicKey, TopicListener } from "../store/store.js";
import { CatchUp } from "./catch-up.js";
import type { FlushQueue } from "./flush-queue.js";
import { Followers, type Follower } from "./followers.js";
import { frameOf, isRemoval, type Frame, type FrameBatch } from "./frame.js";
import type { HubRead } from "./hub-read.js";
import { LogComparison } from "./log-comparison.js";
import { comparedPage, readerPage, recentLimits } from "./pages.js";
import type { LogStore } from "./readable-store.js";
import { RecentFrames } from "./recent-frames.js";
import { SharedBatches } from "./shared-batches.js";
import { SharedReads } from "./shared-reads.js";
import type { ReadTurns } from "./read-turns.js";
import type { Turns } from "./turns.js";
import { WaitingRoom } from "./waiting-room.js";

/** What all hubs of a process share. */
export interface HubContext {
  readonly store: LogStore;
  readonly flushes: Pick<FlushQueue, "add">;
  /** Those that catch up take turns. */
  readonly turns: Turns;
  /** As do the reads of streams that replay. */
  readonly reads: ReadTurns;
  readonly onError: (error: unknown) => void;
}

/**
 * One topic as this process sees it: one listener on the store for all local subscribers, and the newest frames in
 * memory, so that subscribers who come back cost the store one read per topic.
 *
 * The hub follows the log by offset: an entry is taken only when it is the next one. A hole makes it read the log, a
 * repeat is dropped, and when the log is another one (or was set back) the hub moves to it. Each subscriber has its
 * own position and asks for what follows it (`peek`, then `readLog`); one that has caught up may `follow`.
 * The hub queues nothing for anybody, so a slow subscriber costs no memory.
 */
export class TopicHub implements AsyncDisposable, TopicListener {
  readonly #recent = new RecentFrames(recentLimits);
  readonly #comparison: LogComparison;
  readonly #batches = new SharedBatches();
  readonly #followers: Followers;
  readonly #waiting = new WaitingRoom();
  readonly #reads = new SharedReads<HubRead | null>();
  readonly #catchUp: CatchUp;
  #head: Cursor = { epoch: "", offset: 0 };
  #closed = false;
  #attached = false;
  #hasMissedSome = false;
  #disposed = false;
  #listening: AsyncDisposable | undefined;
  #backfilling: Promise<void> | undefined;

  private constructor(
    private readonly topic: TopicKey,
    private readonly context: HubContext,
  ) {
    this.#comparison = new LogComparison(context.store, topic, this.#recent);
    this.#followers = new Followers(context.flushes);
    this.#catchUp = new CatchUp({
      turns: context.turns,
      readOn: () => this.#readOn(),
      position: () => formatCursor(this.#head),
      receive: (message) => this.onMessage(message),
      isAway: () => !context.store.isReachable,
      onError: context.onError,
    });
  }

  /** Listens first, then asks where the log ends: what is published in between is caught up with. */
  static async open(topic: TopicKey, context: HubContext): Promise<TopicHub> {
    const hub = new TopicHub(topic, context);
    try {
      hub.#listening = await context.store.listen(topic, hub);
      const { cursor, closed } = await context.store.head(topic);
      hub.#moveTo(cursor, closed);
      hub.#attached = true;
      if (hub.#hasMissedSome) void hub.#catchUp.start();
    } catch (error) {
      await hub[Symbol.asyncDispose]();
      throw error;
    }
    return hub;
  }

  /** After the newest frame this hub knows of. */
  get head(): Cursor {
    return this.#head;
  }

  /** Where what comes from now on follows. `null`: it is all that will be there. */
  get now(): Cursor | null {
    return this.#isRemoved ? null : this.#head;
  }

  /**
   * What follows `position` (`null`: what is retained), from memory.
   * @returns `null` when the log must be read for it.
   * @throws AppError `STORE_UNAVAILABLE` when this server is shutting down.
   */
  peek(position: Cursor | null): HubRead | null {
    if (this.#disposed)
      throw new AppError("STORE_UNAVAILABLE", "The server is shutting down; connect again.");
    const frames = this.#known(position);
    if (frames === null) return null;
    if (frames.length > 0) return { kind: "frames", epoch: this.#head.epoch, frames };
    return { kind: this.#closed ? "end" : "head" };
  }

  /**
   * What follows a position that `peek` does not know. `null`: peek again.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  async readLog(position: Cursor | null): Promise<HubRead | null> {
    if (this.#head.offset - (position?.offset ?? 0) <= recentLimits.maxFrames) {
      await (this.#backfilling ??= this.#backfill());
      if (this.#known(position) !== null) return null;
    }
    return this.#reads.read(position ? formatCursor(position) : "oldest", () => this.#readAfter(position));
  }

  /**
   * Reads on to where the log ends, whatever was heard.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  async sync(): Promise<void> {
    await this.#catchUp.start();
    if (this.#catchUp.hasFailed)
      throw new AppError("STORE_UNAVAILABLE", "The event store does not answer; try again shortly.");
  }

  /** Resolves when `peek` may have something new to say, and when the signal aborts. */
  changed(signal: AbortSignal): Promise<void> {
    return this.#waiting.wait(signal);
  }

  /** Hands frames to a follower as they come. To be called when `peek` has just said `head`. */
  follow(follower: Follower): void {
    this.#followers.add(follower);
  }

  unfollow(follower: Follower): void {
    this.#followers.delete(follower);
  }

  /** Frames of this hub as a batch; those who ask for the same get the same, until the next frame comes. */
  batch(frames: readonly Frame[], filter: string): FrameBatch {
    return this.#batches.of(frames, filter);
  }

  onMessage(message: LogMessage): void {
    if (!this.#attached) this.#hasMissedSome = true;
    else if (this.#catchUp.isUnderWay) this.#catchUp.hold(message);
    else this.#take(message);
  }

  onRestored(): void {
    if (!this.#attached) this.#hasMissedSome = true;
    else this.#catchUp.startOver();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#catchUp[Symbol.dispose]();
    this.#release(this.#head);
    await this.#listening?.[Symbol.asyncDispose]();
  }

  /** What was removed is for those who followed it; who comes now has what came after. */
  get #isRemoved(): boolean {
    return this.#recent.newest !== undefined && isRemoval(this.#recent.newest);
  }

  /** The frames after `position` when they are in memory, `[]` when it is the head, else `null`. */
  #known(position: Cursor | null): readonly Frame[] | null {
    const { epoch, offset } = this.#head;
    if (position === null) {
      if (offset === 0) return [];
      return this.#recent.oldestOffset === 1 && !this.#isRemoved ? this.#recent.after(0) : null;
    }
    if (position.epoch !== epoch || position.offset > offset) return null;
    return position.offset === offset ? [] : this.#recent.after(position.offset);
  }

  /** Reads the newest page of the log once, so that all who come back find it in memory. */
  async #backfill(): Promise<void> {
    const { epoch, offset } = this.#head;
    try {
      const start = { epoch, offset: Math.max(0, offset - recentLimits.maxFrames) };
      let read = await this.#replay(start, comparedPage);
      if (read.kind === "gap") read = await this.#replay(read.resumeAfter, comparedPage);
      if (read.kind === "gap" || read.head.cursor.epoch !== this.#head.epoch) return;
      // A log that was set back has other entries where memory and log overlap; catching up deals with that.
      if (!this.#recent.agreesWith(read.entries)) return;
      const end = this.#recent.oldestOffset ?? this.#head.offset + 1;
      const older = read.entries.filter((entry) => entry.offset < end);
      if (older.at(-1)?.offset === end - 1) this.#recent.prepend(older.map((entry) => frameOf(epoch, entry)));
    } catch (error) {
      this.#backfilling = undefined;
      throw error;
    }
  }

  async #readAfter(position: Cursor | null): Promise<HubRead | null> {
    const read = await this.#replay(position, readerPage);
    if (read.kind === "events") {
      const { epoch } = read.head.cursor;
      if (read.entries.length > 0)
        return { kind: "frames", epoch, frames: read.entries.map((entry) => frameOf(epoch, entry)) };
      if (position && position.epoch !== epoch) return { kind: "moved", position: { ...position, epoch } };
    }
    // A log that ends before where this hub is was set back: it gets a new epoch first, so that there is one gap.
    if (
      read.kind === "gap" &&
      !(position?.epoch === this.#head.epoch && this.#comparison.endsBefore(this.#head, read))
    )
      return read;
    // Else the subscriber has seen all of the log and this hub has not: another process was faster.
    await this.sync();
    return null;
  }

  /** For streams that are behind. */
  #replay(after: Cursor | null, page: Page): Promise<Replay> {
    const { store, reads } = this.context;
    return reads.read(() => store.replay(this.topic, after, page));
  }

  /** Takes what follows in the log. @returns whether that was all. */
  async #readOn(): Promise<boolean> {
    const { store } = this.context;
    const { newest } = this.#recent;
    const { epoch, offset } = this.#head;
    if (newest) {
      // From one before, so that the same read says whether what was taken last is still there.
      const read = await store.replay(this.topic, { epoch, offset: newest.offset - 1 }, comparedPage);
      if (this.#comparison.showsSetBack(read, this.#head)) return this.#fork(epoch);
      if (read.kind === "events" && read.head.cursor.epoch === epoch) return this.#takeAll(read);
    }
    const read = await store.replay(this.topic, this.#head, comparedPage);
    // What came into memory meanwhile is to be compared first.
    if (this.#recent.newest !== newest) return false;
    if (read.kind === "gap" && this.#comparison.endsBefore(this.#head, read)) return this.#fork(epoch);
    const shared = read.kind === "gap" ? read.resumeAfter : { ...read.head.cursor, offset };
    if (shared.epoch !== epoch && !(await this.#comparison.confirms(shared))) return this.#fork(shared.epoch);
    if (read.kind === "events") return this.#takeAll(read);
    this.#moveTo(read.resumeAfter, false);
    return false;
  }

  async #fork(epoch: string): Promise<false> {
    await this.#comparison.fork(epoch);
    return false;
  }

  #takeAll({ entries, head }: Extract<Replay, { kind: "events" }>): boolean {
    const { epoch, offset } = head.cursor;
    // Another process has seen the log fork, after all that was taken here.
    if (epoch !== this.#head.epoch) this.#moveTo({ epoch, offset: this.#head.offset }, false);
    this.#take({ epoch, entries });
    return this.#head.offset >= offset;
  }

  #take({ epoch, entries }: LogMessage): void {
    const before = this.#head;
    for (const entry of entries) {
      if (epoch !== this.#head.epoch || entry.offset > this.#head.offset + 1) {
        void this.#catchUp.start();
        break;
      }
      if (entry.offset <= this.#head.offset) continue;
      const frame = frameOf(epoch, entry);
      this.#recent.append(frame);
      this.#followers.publish(frame);
      this.#head = { epoch, offset: entry.offset };
      this.#closed = entry.last;
    }
    if (this.#head === before) return;
    this.#batches.clear();
    this.#waiting.wake();
  }

  #moveTo(head: Cursor, closed: boolean): void {
    const before = this.#head;
    this.#head = head;
    this.#closed = closed;
    this.#recent.clear();
    this.#batches.clear();
    this.#backfilling = undefined;
    this.#release(before);
  }

  /** Everybody looks again from where they are. */
  #release(position: Cursor): void {
    for (const follower of this.#followers.release()) follower.onReleased(position);
    this.#waiting.wake();
  }
}
