import { tracked, type TrackedEnvelope } from "@trpc/server";
import superjson from "superjson";
import { EventStream } from "./event-stream.js";
import { FrameDelivery } from "./frame-delivery.js";
import { isRemoval, type Frame } from "./frame.js";
import type { FrameSink } from "./frame-sink.js";
import { signalsOf, type StreamSource } from "./stream-source.js";
import { TopicReader } from "./topic-reader.js";

/** The events of one topic, in order, once each, tracked by their cursor. Completes after the entry that closes it. */
export class TopicStream<Event extends object> extends EventStream<Event> {
  protected readonly signals: readonly AbortSignal[];

  /** @param source `null`: nothing follows, ever. */
  constructor(readonly source: StreamSource<Event> | null) {
    super();
    this.signals = source ? signalsOf(source) : [];
  }

  /**
   * The same stream with the place where it begins fixed now, for one that begins after the newest event: it has all that
   * happens from here on, whenever it is opened.
   */
  async fromNow(): Promise<TopicStream<Event>> {
    if (!this.source || this.source.after || this.source.start === "oldest") return this;
    using lease = await this.source.hubs.acquire(this.source.topic, this.source);
    return new TopicStream({ ...this.source, after: lease.hub.now, start: "oldest" });
  }

  protected begin(sink: FrameSink): Disposable {
    if (!this.source) {
      sink.end();
      return { [Symbol.dispose]() {} };
    }
    const delivery = new FrameDelivery(this.source, sink);
    void delivery.start();
    return delivery;
  }

  protected async *iterate(closing: AbortSignal): AsyncGenerator<TrackedEnvelope<Event>, void> {
    if (!this.source) return;
    for await (const item of readTopic(this.source, closing))
      if (item.kind === "event") yield tracked(item.id, item.event);
  }
}

export type TopicItem<Event> =
  | {
      readonly kind: "event";
      readonly id: string;
      readonly event: Event;
      /** It closes the topic. */ readonly isLast: boolean;
    }
  /** Everything before this id was given. */
  | { readonly kind: "live"; readonly id: string };

/** What one source has, until it is over or the signal aborts. */
export async function* readTopic<Event>(
  source: StreamSource<Event>,
  signal: AbortSignal,
): AsyncGenerator<TopicItem<Event>, void> {
  const { hubs, topic, types, mark } = source;
  using lease = await hubs.acquire(topic, source);
  const reader = new TopicReader(lease.hub, source, signal);
  while (!signal.aborted) {
    const step = await reader.next();
    if (signal.aborted) return;
    switch (step.kind) {
      case "end":
        return;
      case "head":
        if (!reader.isAtHead) break;
        yield { kind: "live", id: reader.place };
        // Whoever was told may have let something happen.
        if (reader.isAtHead) await lease.hub.changed(signal);
        break;
      case "gap":
        yield { kind: "event", id: step.id, event: step.event, isLast: false };
        break;
      case "frames":
        for (const frame of step.frames) {
          if (signal.aborted) return;
          const { id, offset, body, last } = frame;
          reader.moveTo({ epoch: step.epoch, offset });
          const ending = frame.type === mark?.type ? mark.read(frame) : null;
          if (ending) yield { kind: "event", id: ending.id, event: ending.event, isLast: last };
          else if (frame.type !== mark?.type && isWanted(frame, types))
            yield { kind: "event", id, event: superjson.parse<Event>(body), isLast: last };
          if (last || ending) return;
        }
        break;
    }
  }
}

function isWanted(frame: Frame, types: ReadonlySet<string> | undefined): boolean {
  return !isRemoval(frame) && (!types || types.has(frame.type));
}
