import { tracked, type TrackedEnvelope } from "@trpc/server";
import superjson from "superjson";
import { FrameDelivery } from "./frame-delivery.js";
import type { FrameSink } from "./frame-sink.js";
import type { StreamSource } from "./stream-source.js";
import { TopicReader } from "./topic-reader.js";

export function isEventStream(value: unknown): value is EventStream<object> {
  return value instanceof EventStream;
}

/**
 * What a subscription returns: the events of one topic after a cursor, retained ones first, then live ones, in order,
 * once each, tracked by their cursor. It completes after the entry that closes its topic.
 *
 * It can be iterated, so it works with any tRPC adapter and in callers; a transport that knows it calls `deliver`
 * instead and is handed bytes that are made once for all its connections.
 */
export class EventStream<Event extends object> implements AsyncIterable<TrackedEnvelope<Event>, void> {
  /** @param source `null`: nothing follows, ever. */
  constructor(private readonly source: StreamSource<Event> | null) {}

  /** Delivers to the sink until one of them ends it. Dispose what it returns when the connection is gone. */
  deliver(sink: FrameSink): Disposable {
    if (!this.source) {
      sink.end();
      return { [Symbol.dispose]() {} };
    }
    const delivery = new FrameDelivery(this.source, sink);
    void delivery.start();
    return delivery;
  }

  [Symbol.asyncIterator](): AsyncGenerator<TrackedEnvelope<Event>, void> {
    const closing = new AbortController();
    const signal = this.source?.signal;
    const events = this.#iterate(signal ? AbortSignal.any([signal, closing.signal]) : closing.signal);
    const end = events.return.bind(events);
    // A generator that waits cannot take a `return` until it wakes up.
    events.return = (value) => {
      closing.abort();
      return end(value);
    };
    return events;
  }

  async *#iterate(signal: AbortSignal): AsyncGenerator<TrackedEnvelope<Event>, void> {
    if (!this.source) return;
    const { hubs, topic, types, mark } = this.source;
    using lease = await hubs.acquire(topic);
    const reader = new TopicReader(lease.hub, this.source, signal);
    while (!signal.aborted) {
      const step = await reader.next();
      switch (step.kind) {
        case "end":
          return;
        case "head":
          if (reader.isAtHead) await lease.hub.changed(signal);
          break;
        case "control":
        case "gap":
          yield tracked(step.id, step.event);
          break;
        case "frames":
          for (const frame of step.frames) {
            if (signal.aborted) return;
            const { id, offset, type, body, last } = frame;
            reader.moveTo({ epoch: step.epoch, offset });
            const ending = type === mark?.type ? mark.read(frame) : null;
            if (ending) yield tracked(ending.id, ending.event);
            else if (type !== mark?.type && (!types || types.has(type)))
              yield tracked(id, superjson.parse<Event>(body));
            if (last || ending) return;
          }
          break;
      }
    }
  }
}
