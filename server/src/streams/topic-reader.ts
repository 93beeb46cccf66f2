import { setTimeout as delay } from "node:timers/promises";
import { formatCursor, type Cursor, type StreamGapReason } from "@jobwire/shared";
import { AppError } from "../app-error.js";
import type { Frame } from "./frame.js";
import type { ControlEvent, StreamSource } from "./stream-source.js";
import type { TopicHub } from "./topic-hub.js";

/** What a reader meets next on its way through a topic. */
export type Step<Event> =
  | { readonly kind: "frames"; readonly epoch: string; readonly frames: readonly Frame[] }
  /** A part of the stream's prelude. */
  | ({ readonly kind: "control" } & ControlEvent<Event>)
  /** What is missing, made for this stream too. The reader stands after the gap. */
  | ({ readonly kind: "gap"; readonly reason: StreamGapReason } & ControlEvent<Event>)
  /** Nothing yet. */
  | { readonly kind: "head" }
  /** Nothing ever. */
  | { readonly kind: "end" };

const retryDelayMs = 500;

/** One stream's position in its topic, and how it gets on from there. */
export class TopicReader<Event> {
  #position: Cursor | null;
  #hasStarted = false;
  #prelude: AsyncIterator<ControlEvent<Event>> | undefined;

  constructor(
    private readonly hub: TopicHub,
    private readonly source: StreamSource<Event>,
    private readonly signal: AbortSignal,
  ) {
    this.#position = source.after ?? (source.start === "newest" ? hub.head : null);
  }

  get isAtHead(): boolean {
    return this.hub.peek(this.#position)?.kind === "head";
  }

  /** To be called with what was taken of a step's frames. */
  moveTo(position: Cursor): void {
    this.#position = position;
  }

  /** @throws AppError `STORE_UNAVAILABLE` when the store is away at the start; later it is waited for. */
  async next(): Promise<Step<Event>> {
    while (!this.signal.aborted) {
      const greeting = await this.#prelude?.next();
      if (greeting && !greeting.done) return { kind: "control", ...greeting.value };
      this.#prelude = undefined;
      const read =
        this.hub.peek(this.#position) ?? (await this.#fromStore(() => this.hub.readLog(this.#position)));
      if (!read) continue;
      if (read.kind === "moved") {
        this.#position = read.position;
        continue;
      }
      if (!this.#hasStarted && this.source.prelude) {
        this.#hasStarted = true;
        this.#prelude = this.source.prelude(read.kind !== "gap")[Symbol.asyncIterator]();
        continue;
      }
      if (read.kind !== "gap") {
        this.#hasStarted = true;
        // Before the first event there is a position too: should the log be lost, there may have been events.
        if (read.kind === "head") this.#position ??= this.hub.head;
        return read;
      }
      const { reason, resumeAfter } = read;
      const to = formatCursor(resumeAfter);
      const from = this.#position ? formatCursor(this.#position) : to;
      const event = await this.#fromStore(() => this.source.explainGap({ reason, from, to }));
      if (!event) continue;
      this.#hasStarted = true;
      this.#position = resumeAfter;
      return { kind: "gap", id: to, event, reason };
    }
    return { kind: "end" };
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
