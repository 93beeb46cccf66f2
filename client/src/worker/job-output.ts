import type { JobStatus, OutputPiece } from "@jobwire/shared";
import { LineJoiner } from "./line-joiner.js";

export type OutputStreamName = OutputPiece["stream"];

export interface JobOutputOptions {
  readonly stage: JobStatus;
  readonly attempt: number;
  /** Appends pieces to the job's output, in their order. */
  readonly send: (pieces: readonly OutputPiece[]) => Promise<void>;
  /** Output that cannot be sent is dropped: it must not fail the work it is about. */
  onError(error: unknown): void;
}

/** How long text may wait for more to be sent with it. */
const maxDelayMs = 50;
/** How long a line may wait for its end. */
const maxLineDelayMs = 1000;
/** What is sent at once, and what may wait before writers do, in UTF-16 code units. */
const maxSentLength = 65_536;
const maxWaitingLength = 262_144;

/** The output of one stage: lines as they come, several in one call, no faster than the server takes them. */
export class JobOutput {
  readonly #lines = { stdout: new LineJoiner(), stderr: new LineJoiner() };
  #waiting: OutputPiece[] = [];
  #waitingLength = 0;
  #timer: NodeJS.Timeout | undefined;
  #lineTimer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;

  constructor(private readonly options: JobOutputOptions) {}

  /** Resolves when more may be written: at once, unless the server is slower than the writer. */
  async write(text: string, stream: OutputStreamName = "stdout"): Promise<void> {
    this.#add(this.#lines[stream].take(text.toWellFormed()), stream);
    this.#lineTimer ??= setTimeout(() => this.#endLines(), maxLineDelayMs);
    if (this.#waitingLength >= maxSentLength) void this.#send();
    else if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => void this.#send(), maxDelayMs);
    while (this.#waitingLength >= maxWaitingLength) await this.#send();
  }

  /** Resolves when all that was written is sent, or dropped. */
  async flush(): Promise<void> {
    this.#endLines();
    while (this.#waiting.length > 0 || this.#sending) await this.#send();
  }

  #endLines(): void {
    clearTimeout(this.#lineTimer);
    this.#lineTimer = undefined;
    for (const stream of ["stdout", "stderr"] as const) this.#add(this.#lines[stream].end(), stream);
    if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => void this.#send(), maxDelayMs);
  }

  #add(text: string, stream: OutputStreamName): void {
    const { stage, attempt } = this.options;
    for (let start = 0; start < text.length; start += maxSentLength) {
      const part = text.slice(start, start + maxSentLength);
      const last = this.#waiting.at(-1);
      this.#waitingLength += part.length;
      if (last?.stream === stream && last.text.length + part.length <= maxSentLength)
        this.#waiting[this.#waiting.length - 1] = { ...last, text: last.text + part };
      else this.#waiting.push({ stage, attempt, stream, text: part });
    }
  }

  #send(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#sendWaiting().finally(() => (this.#sending = undefined));
    return this.#sending;
  }

  async #sendWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const pieces: OutputPiece[] = [];
      for (let length = 0; ;) {
        const next = this.#waiting[0];
        if (!next || (pieces.length > 0 && length + next.text.length > maxWaitingLength)) break;
        pieces.push(next);
        length += next.text.length;
        this.#waiting.shift();
      }
      await this.options.send(pieces).catch(this.options.onError);
      this.#waitingLength -= pieces.reduce((sum, { text }) => sum + text.length, 0);
    }
  }
}
