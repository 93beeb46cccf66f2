import { setTimeout as delay } from "node:timers/promises";
import { formatCursor, type Cursor, type StreamGapReason } from "@jobwire/shared";
import { AppError } from "../app-error.js";
import { joinSignals } from "../join-signals.js";
import type { Frame } from "./frame.js";
import type { ControlEvent, StreamSource } from "./stream-source.js";
import type { TopicHub } from "./topic-hub.js";

/** What a reader meets next on its way through a topic. */
export type Step<Event> =
  | { readonly kind: "frames"; readonly epoch: string; readonly frames: readonly Frame[] }
  /** What is missing, made for this stream too. The reader stands after the gap. */
  | ({ readonly kind: "gap"; readonly reason: StreamGapReason } & ControlEvent<Event>)
  /** Nothing yet. */
  | { readonly kind: "head" }
  /** Nothing ever. */
  | { readonly kind: "end" };

const retryDelayMs = 500;
/** How often the log is asked for what the hub does not know, when neither has said anything new. */
const maxFruitlessReads = 3;

/** One stream's position in its topic, and how it gets on from there. */
export class TopicReader<Event> {
  #position: Cursor | null;
  /** The same place under the id that its client knows: a log that forked behind it got another name. */
  #told: Cursor | null;
  /** Asked for, where it is to be asked for, only when there is nothing: else it says no more than the log. */
  #expects: StreamSource<Event>["expects"];
  #hasStarted: boolean;
  #hasToldGap = false;
  /** The log was read to its end since this stream stood there. */
  #isSynced = false;
  #fruitlessReads = 0;

  constructor(
    private readonly hub: TopicHub,
    private readonly source: StreamSource<Event>,
    private readonly signal: AbortSignal,
  ) {
    this.#expects = source.isEndless && source.after ? undefined : source.expects;
    this.#hasStarted = source.hasBegun ?? false;
    this.#position = source.after ?? (source.start === "newest" ? hub.now : null);
    this.#told = this.#position;
  }

  get isAtHead(): boolean {
    return this.hub.peek(this.#position)?.kind === "head";
  }

  /** The id that leads to where it is; from the oldest on when nothing was read yet. */
  get place(): string {
    return formatCursor(this.#told ?? { ...this.hub.head, offset: 0 });
  }

  /** To be called with where it is after what was taken. When that was nothing, its client knows no other id. */
  moveTo(position: Cursor): void {
    if (this.#position?.epoch === position.epoch && this.#position.offset === position.offset) return;
    this.#position = position;
    this.#told = position;
  }

  /** @throws AppError `STORE_UNAVAILABLE` when the store is away at the start; later it is waited for. */
  async next(): Promise<Step<Event>> {
    while (!this.signal.aborted) {
      const read =
        this.hub.peek(this.#position) ?? (await this.#fromStore(() => this.hub.readLog(this.#position)));
      if (!read) {
        if (++this.#fruitlessReads >= maxFruitlessReads) await this.#pause();
        continue;
      }
      this.#fruitlessReads = 0;
      if (read.kind === "moved") {
        this.#position = read.position;
        continue;
      }
      if (read.kind === "head" && typeof this.#expects === "function" && this.#isEmpty) {
        const expected = await this.#fromStore(this.#expects);
        // What was read is of before the question.
        if (expected !== null) this.#expects = expected === "nothing" ? undefined : expected;
        continue;
      }
      if (read.kind === "head" && this.#lacksExpected()) {
        if (!this.#isSynced)
          this.#isSynced = (await this.#fromStore(() => this.hub.sync().then(() => true))) ?? false;
        else if (this.#hasToldGap) return { kind: "end" };
        else {
          const gap = await this.#explain("log-lost", this.hub.head);
          if (gap) return gap;
        }
        continue;
      }
      if (read.kind !== "gap") {
        this.#hasStarted = true;
        // Before the first event there is a position too: should the log be lost, there may have been events.
        if (read.kind === "head" && !this.#position) this.moveTo(this.hub.head);
        return read;
      }
      const gap = await this.#explain(read.reason, read.resumeAfter);
      if (gap) return gap;
    }
    return { kind: "end" };
  }

  /** Whether the log ends before what the state beside it says was written. */
  #lacksExpected(): boolean {
    if (this.#expects === "end") return true;
    return this.#expects === "events" && !this.source.after && !this.#hasToldGap && this.#isEmpty;
  }

  get #isEmpty(): boolean {
    return this.hub.head.offset === 0;
  }

  /** The step over what is missing. `null`: the store was away for a moment; look again. */
  async #explain(reason: StreamGapReason, resumeAfter: Cursor): Promise<Step<Event> | null> {
    const to = formatCursor(resumeAfter);
    const from = formatCursor(this.#told ?? { ...resumeAfter, offset: 0 });
    const event = await this.#fromStore(() => this.source.explainGap({ reason, from, to }));
    if (!event) return null;
    this.#hasStarted = true;
    this.#hasToldGap = true;
    this.#position = this.#told = resumeAfter;
    return { kind: "gap", id: to, event, reason };
  }

  /** Until something is new, or half a second has passed. */
  async #pause(): Promise<void> {
    using ended = joinSignals([this.signal], retryDelayMs);
    await this.hub.changed(ended.signal);
  }

  /** `null`: the store was away for a moment; look again. */
  async #fromStore<Value>(read: () => Promise<Value>): Promise<Value | null> {
    try {
      return await read();
    } catch (error) {
      const isAway = error instanceof AppError && error.reason === "STORE_UNAVAILABLE";
      if (!isAway || !this.#hasStarted) throw error;
      await delay(retryDelayMs, undefined, { signal: this.signal }).catch(() => undefined);
      return null;
    }
  }
}
