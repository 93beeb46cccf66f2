import type { BatchWriter, FrameSink } from "./frame-sink.js";
import { FrameDelivery } from "./frame-delivery.js";
import type { FrameBatch } from "./frame.js";
import type { MergedPlaces } from "./merged-places.js";
import type { MergedSource } from "./stream-source.js";

/** One connection that follows several topics: each has a delivery of its own, which writes with an id of them all. */
export class MergedDelivery implements Disposable {
  readonly #deliveries = new Map<number, FrameDelivery>();
  #isDisposed = false;

  constructor(
    readonly places: MergedPlaces,
    private readonly sink: FrameSink,
  ) {}

  start(sources: readonly MergedSource<object>[]): void {
    // One id for all: without it, who comes back begins anew in each.
    const begins = sources.some(({ source }) => source.start === "newest") ? "newest" : "oldest";
    for (const [index, { source, endsAll = false }] of sources.entries()) {
      if (this.#isDisposed) return;
      if (this.places.isEnded(index)) continue;
      const sink = new TopicSink(this.sink, this.places, index, begins, {
        onEnd: () => this.#onEnd(index, endsAll),
        onFail: (error) => this.#finish(() => this.sink.fail(error)),
      });
      this.#deliveries.set(index, new FrameDelivery(source, sink));
    }
    if (this.#deliveries.size === 0) return this.#finish(() => this.sink.end());
    for (const delivery of this.#deliveries.values()) void delivery.start();
  }

  get isOver(): boolean {
    return this.#isDisposed;
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (const delivery of this.#deliveries.values()) delivery[Symbol.dispose]();
  }

  #onEnd(index: number, endsAll: boolean): void {
    this.places.end(index);
    this.#deliveries.delete(index);
    if (endsAll || this.#deliveries.size === 0) this.#finish(() => this.sink.end());
  }

  #finish(tell: () => void): void {
    if (this.#isDisposed) return;
    this[Symbol.dispose]();
    tell();
  }
}

interface TopicOutcome {
  readonly onEnd: () => void;
  readonly onFail: (error: unknown) => void;
}

/** The connection as the delivery of one of its topics sees it. */
class TopicSink implements FrameSink {
  constructor(
    private readonly sink: FrameSink,
    private readonly places: MergedPlaces,
    private readonly index: number,
    private readonly begins: "oldest" | "newest",
    private readonly outcome: TopicOutcome,
  ) {}

  get signal(): AbortSignal {
    return this.sink.signal;
  }

  get counts(): FrameSink["counts"] {
    return this.sink.counts;
  }

  write(batch: FrameBatch): void {
    this.sink.writeTagged(batch, this.places.take(this.index, batch));
  }

  /** Nothing merges what is merged already. */
  writeTagged(batch: FrameBatch): void {
    this.write(batch);
  }

  writeEvent(id: string, event: object): void {
    this.places.set(this.index, id);
    this.sink.writeEvent(this.places.id, event);
  }

  onFlushed(receivedAtMs: number): void {
    this.sink.onFlushed(receivedAtMs);
  }

  goLive(place: string): BatchWriter {
    this.places.set(this.index, place);
    this.sink.goLive(this.places.id, this.begins);
    return this;
  }

  end(): void {
    this.outcome.onEnd();
  }

  fail(error: unknown): void {
    this.outcome.onFail(error);
  }

  congestion(): Promise<void> | undefined {
    return this.sink.congestion();
  }
}
