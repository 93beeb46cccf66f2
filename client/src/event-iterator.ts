import type { ConnectionStore } from "./connection-state.js";
import type { OpenStream } from "./open-stream.js";

/**
 * The events of a subscription, to be read once with `for await`. The server is read at the pace of the loop: one that
 * takes its time holds no more than what is under way, and when the server drops it as too slow it continues where it
 * was. Leaving the loop, an aborted signal and `return()` end the subscription at once.
 */
export class EventIterator<Event> implements AsyncIterableIterator<Event, undefined>, AsyncDisposable {
  #lastEventId: string | null;

  /** @param lastEventId the place where the stream begins. */
  constructor(
    private readonly stream: OpenStream,
    lastEventId: string | null = null,
  ) {
    this.#lastEventId = lastEventId;
  }

  /** How this stream is connected. */
  get connection(): ConnectionStore {
    return this.stream.connection;
  }

  /**
   * The id of the event given last, and before the first one the id that the stream was given: a later stream with it as
   * `lastEventId` goes on there.
   */
  get lastEventId(): string | null {
    return this.#lastEventId;
  }

  /** @throws ConnectionError when the stream fails in a way that another attempt cannot mend. */
  async next(): Promise<IteratorResult<Event, undefined>> {
    const result = await this.stream.values.next();
    if (result.done) return { done: true, value: undefined };
    this.#lastEventId = result.value.id ?? this.#lastEventId;
    return { done: false, value: result.value.data as Event };
  }

  /** Ends the subscription. */
  async return(): Promise<IteratorResult<Event, undefined>> {
    this.stream.leave();
    await this.stream.values.return();
    return { done: true, value: undefined };
  }

  /** Itself: it is read once. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends the subscription. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
