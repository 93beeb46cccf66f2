import { setTimeout as delay } from "node:timers/promises";
import { formatCursor, type Cursor, type StreamGapReason } from "@jobwire/shared";
import { AppError } from "../app-error.js";
import type { Frame } from "./frame.js";
import type { StreamSource } from "./stream-source.js";
import type { TopicHub } from "./topic-hub.js";

/** What a reader meets next on its way through a topic. */
export type Step<Event> =
  | { readonly kind: "frames"; readonly epoch: string; readonly frames: readonly Frame[] }
  /** An event made for this stream: it says what is missing. The reader stands after the gap. */
  | {
      readonly kind: "control";
      readonly id: string;
      readonly event: Event;
      readonly reason: StreamGapReason;
    }
  /** Nothing yet. */
  | { readonly kind: "head" }
  /** Nothing ever. */
  | { readonly kind: "end" };

const retryDelayMs = 500;

/** One stream's position in its topic, and how it gets on from there. */
export class TopicReader<Event> {
  #position: Cursor | null;
  #hasStarted = false;

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
      const read =
        this.hub.peek(this.#position) ?? (await this.#fromStore(() => this.hub.readLog(this.#position)));
      if (!read) continue;
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
      return { kind: "control", id: to, event, reason };
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
