import type { TrackedEnvelope } from "@trpc/server";
import { joinSignals } from "../join-signals.js";
import type { FrameSink } from "./frame-sink.js";

export function isEventStream(value: unknown): value is EventStream<object> {
  return value instanceof EventStream;
}

/**
 * What a subscription returns: events after a cursor, retained ones first, then live ones, each tracked by an id that
 * leads back to right after it.
 *
 * It can be iterated, so it works with any tRPC adapter and in callers; a transport that knows it calls `deliver`
 * instead and is handed bytes that are made once for all its connections.
 */
export abstract class EventStream<Event extends object> implements AsyncIterable<
  TrackedEnvelope<Event>,
  void
> {
  /** Each of these ends it. */
  protected abstract readonly signals: readonly AbortSignal[];

  /** Delivers to the sink until it is over. */
  protected abstract begin(sink: FrameSink): Disposable;

  /** What it yields until it is over or `closing` aborts. */
  protected abstract iterate(closing: AbortSignal): AsyncGenerator<TrackedEnvelope<Event>, void>;

  /** Delivers to the sink until one of them ends it. Dispose what it returns when the connection is gone. */
  deliver(sink: FrameSink): Disposable {
    const others = this.signals.filter((signal) => signal !== sink.signal);
    if (others.length === 0) return this.begin(sink);
    const leaving = joinSignals(others);
    if (leaving.signal.aborted) {
      sink.end();
      return leaving;
    }
    const delivery = this.begin(sink);
    const leave = () => {
      delivery[Symbol.dispose]();
      sink.end();
    };
    if (!sink.signal.aborted) leaving.signal.addEventListener("abort", leave, { once: true });
    return {
      [Symbol.dispose]() {
        leaving[Symbol.dispose]();
        delivery[Symbol.dispose]();
      },
    };
  }

  /** Opens the stream; `return` and leaving the loop close it, also while it waits. */
  [Symbol.asyncIterator](): AsyncGenerator<TrackedEnvelope<Event>, void> {
    const closing = new AbortController();
    const events = this.#iterateUntil(closing.signal);
    const end = events.return.bind(events);
    // A generator that waits cannot take a `return` until it wakes up.
    events.return = (value) => {
      closing.abort();
      return end(value);
    };
    return events;
  }

  async *#iterateUntil(closing: AbortSignal): AsyncGenerator<TrackedEnvelope<Event>, void> {
    using ended = joinSignals([closing, ...this.signals]);
    yield* this.iterate(ended.signal);
  }
}
