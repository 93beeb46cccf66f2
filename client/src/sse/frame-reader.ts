import { createParser, type EventSourceMessage, type EventSourceParser } from "eventsource-parser";
import type { Attempt } from "./attempt.js";
import type { ByteReader } from "./endpoint.js";
import { connectionFailure, permanentFailure, type StreamFailure } from "./stream-failure.js";

/** The most that one event may take, in characters. */
const maxEventLength = 16 * 1024 * 1024;

/**
 * The frames of one response, read when they are asked for: what nobody asks for stays with the server, which knows
 * what to do about slow readers.
 */
export class FrameReader {
  readonly #frames: EventSourceMessage[] = [];
  readonly #decoder = new TextDecoder();
  readonly #parser: EventSourceParser;
  #position = 0;
  #failure: StreamFailure | undefined;

  constructor(
    private readonly body: ByteReader,
    private readonly attempt: Attempt,
    onRetry: (retryMs: number) => void,
  ) {
    this.#parser = createParser({
      maxBufferSize: maxEventLength,
      onEvent: (frame) => this.#frames.push(frame),
      onRetry,
      // The other errors are fields it does not know, which are to be ignored.
      onError: ({ type }) => {
        if (type !== "max-buffer-size-exceeded") return;
        this.#failure = permanentFailure(`An event is longer than ${maxEventLength} characters.`);
      },
    });
  }

  /**
   * @returns `null` at the end of the response.
   * @throws StreamFailure when the connection breaks or is silent for too long.
   */
  async next(): Promise<EventSourceMessage | null> {
    for (;;) {
      const frame = this.#frames[this.#position];
      if (frame) {
        this.#position += 1;
        return frame;
      }
      if (this.#failure) throw this.#failure;
      this.#frames.length = 0;
      this.#position = 0;
      const { done, value } = await this.#read();
      if (done) return null;
      if (value) this.#parser.feed(this.#decoder.decode(value, { stream: true }));
    }
  }

  async #read() {
    try {
      return await this.attempt.wait(() => this.body.read());
    } catch (cause) {
      throw connectionFailure(cause);
    }
  }
}
