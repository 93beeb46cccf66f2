import type { TopicKey } from "../../server/src/store/store.js";
import type { EventStream } from "../../server/src/streams/event-stream.js";
import { TopicStream } from "../../server/src/streams/topic-stream.js";
import type { FrameSink } from "../../server/src/streams/frame-sink.js";
import { StreamCounts } from "../../server/src/streams/stream-counts.js";
import type { TopicHubs } from "../../server/src/streams/topic-hubs.js";

export interface VisitorOptions {
  readonly hubs: TopicHubs;
  readonly topic: TopicKey;
  /** Taken as an async iterable; else as frames for a connection. */
  readonly isIterated: boolean;
}

/** One stream, iterated or delivered, that counts. */
export class Visitor {
  events = 0;
  gaps = 0;
  readonly #closing = new AbortController();
  readonly #delivery: Disposable | undefined;

  constructor({ hubs, topic, isIterated }: VisitorOptions) {
    const stream = new TopicStream<object>({
      hubs,
      topic,
      after: null,
      start: "oldest",
      signal: this.#closing.signal,
      explainGap: async (gap) => ({ type: "stream.gap", ...gap }),
    });
    if (isIterated) void this.#iterate(stream);
    else this.#delivery = stream.deliver(this.#sink());
  }

  /** @returns false, so that it can filter those out who leave. */
  leave(): false {
    this.#closing.abort();
    this.#delivery?.[Symbol.dispose]();
    return false;
  }

  async #iterate(stream: EventStream<object>): Promise<void> {
    for await (const [, event] of stream) {
      if ("reason" in event) this.gaps += 1;
      else this.events += 1;
    }
  }

  #sink(): FrameSink {
    const sink: FrameSink = {
      signal: this.#closing.signal,
      counts: new StreamCounts(),
      write: ({ frames }) => {
        this.events += frames.length;
      },
      writeTagged: ({ frames }) => {
        this.events += frames.length;
      },
      writeEvent: () => {
        this.gaps += 1;
      },
      onFlushed: () => {},
      goLive: () => sink,
      end: () => {},
      fail: () => {},
      congestion: () => undefined,
    };
    return sink;
  }
}
