import type { FrameBatch } from "./frame.js";
import type { StreamCounts } from "./stream-counts.js";

/** Takes bytes prepared for many. */
export interface BatchWriter {
  write(batch: FrameBatch): void;
}

/** What a transport gives to a stream: one connection. */
export interface FrameSink extends BatchWriter {
  /** Aborts when the connection is gone. */
  readonly signal: AbortSignal;
  /** Where what is delivered is counted. */
  readonly counts: StreamCounts;
  /** As `write`, for a stream whose ids are its own: one for each frame. The bodies are shared all the same. */
  writeTagged(batch: FrameBatch, ids: readonly string[]): void;
  /**
   * A topic has written to all its followers, to this one last.
   * @param receivedAtMs when the first of what it wrote came from the store, on the clock of `performance.now()`.
   */
  onFlushed(receivedAtMs: number): void;
  /** An event made for this stream alone. */
  writeEvent(id: string, event: object): void;
  /**
   * The stream has caught up: the connection is to show that it is open, also when there was nothing to write.
   * @param place the id that leads to where it is.
   * @param start where it has begun: who comes back without an id begins at the oldest again, but at another newest.
   * @returns what takes the batches that follow, without a detour: this is where each delivery goes.
   */
  goLive(place: string, start: "oldest" | "newest"): BatchWriter;
  /** Nothing follows, ever. */
  end(): void;
  /** The stream cannot go on. */
  fail(error: unknown): void;
  /** While it returns a promise the connection takes no more; to be awaited before the next write of a replay. */
  congestion(): Promise<void> | undefined;
}
