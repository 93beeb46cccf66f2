import { tracked, type TrackedEnvelope } from "@trpc/server";
import { joinSignals } from "../join-signals.js";
import { EventStream } from "./event-stream.js";
import type { FrameSink } from "./frame-sink.js";
import { signalsOf, type StreamSource } from "./stream-source.js";
import { readTopic } from "./topic-stream.js";

/** The events of one topic that somebody wants. They are looked into one by one, so their bytes are not shared. */
export class FilteredStream<Event extends object> extends EventStream<Event> {
  protected readonly signals: readonly AbortSignal[];

  constructor(
    private readonly source: StreamSource<Event>,
    private readonly isWanted: (event: Event) => boolean,
  ) {
    super();
    this.signals = signalsOf(source);
  }

  protected begin(sink: FrameSink): Disposable {
    const leaving = new AbortController();
    void this.#write(sink, leaving.signal);
    return { [Symbol.dispose]: () => leaving.abort() };
  }

  protected async *iterate(closing: AbortSignal): AsyncGenerator<TrackedEnvelope<Event>, void> {
    for await (const item of readTopic(this.source, closing))
      if (item.kind === "event" && this.isWanted(item.event)) yield tracked(item.id, item.event);
  }

  async #write(sink: FrameSink, leaving: AbortSignal): Promise<void> {
    using joined = joinSignals([sink.signal, leaving]);
    const left = joined.signal;
    try {
      for await (const item of readTopic(this.source, left)) {
        await sink.congestion();
        if (left.aborted) return;
        if (item.kind === "live") sink.goLive(item.id, this.source.start);
        else if (this.isWanted(item.event)) sink.writeEvent(item.id, item.event);
      }
      if (!left.aborted) sink.end();
    } catch (error) {
      if (!left.aborted) sink.fail(error);
    }
  }
}
