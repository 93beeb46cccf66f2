import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { getText } from "./raw-socket.js";

/**
 * A reader that is cheap enough to have hundreds of them: it looks at the offsets of the ids alone and keeps no event.
 * It counts as an error whatever is not the next one.
 */
export class CountingReader implements Disposable {
  /** The last offset that has arrived with all of its frame. */
  offset: number;
  readonly errors: string[] = [];
  hasReturned = false;
  isClosed = false;
  epoch = "";
  #rest: Buffer = Buffer.alloc(0);
  readonly #onProgress: () => void;

  private constructor(
    readonly socket: Socket,
    startOffset: number,
    onProgress: () => void,
  ) {
    this.offset = startOffset;
    this.#onProgress = onProgress;
    socket.on("data", (bytes) => this.#take(bytes));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.isClosed = true;
      onProgress();
    });
  }

  /** Opens a stream; with a cursor it continues after it. */
  static async open(
    url: string,
    options: { after?: string; onProgress?: () => void } = {},
  ): Promise<CountingReader> {
    const { after, onProgress = () => {} } = options;
    const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1" });
    await once(socket, "connect");
    socket.write(getText(url, after === undefined ? {} : { "last-event-id": after }));
    return new CountingReader(socket, after === undefined ? 0 : Number(after.split(":")[1]), onProgress);
  }

  /** Where to continue. */
  get cursor(): string {
    return `${this.epoch}:${this.offset}`;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #take(bytes: Buffer): void {
    const text = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    let position = 0;
    for (;;) {
      const start = text.indexOf("\nid: ", position);
      if (start < 0) break;
      const end = text.indexOf("\n\n", start + 5);
      if (end < 0) break;
      this.#takeId(text.toString("latin1", start + 5, end));
      position = end + 2;
    }
    if (text.includes("event: return\n", position)) this.hasReturned = true;
    this.#rest = text.subarray(position);
    this.#onProgress();
  }

  #takeId(id: string): void {
    const [epoch = "", offset] = id.split(":");
    if (this.epoch === "") this.epoch = epoch;
    if (epoch !== this.epoch || Number(offset) !== this.offset + 1)
      this.errors.push(`${id} after ${this.cursor}`);
    this.offset = Number(offset);
  }
}
