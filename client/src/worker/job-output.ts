import { setImmediate as nextTurn } from "node:timers/promises";
import type { JobStatus, OutputPiece } from "@jobwire/shared";
import { wholeEnd } from "../whole-end.js";
import { LineJoiner } from "./line-joiner.js";

export type OutputStreamName = OutputPiece["stream"];

export interface JobOutputOptions {
  readonly stage: JobStatus;
  readonly attempt: number;
  /** Appends pieces to the job's output, in their order. */
  readonly send: (pieces: readonly OutputPiece[]) => Promise<void>;
  /** Output that cannot be sent is dropped, and the output says so: it must not fail the work it is about. Told of the first of a row. */
  onError(error: unknown): void;
}

/** How long text may wait for more to be sent with it. */
const maxDelayMs = 50;
/** How long a line may wait for its end. */
const maxLineDelayMs = 1000;
/** How long a piece may be, and how much may wait before writers do, in UTF-16 code units. */
const maxPieceLength = 65_536;
const maxWaitingLength = 262_144;
/** What is sent in one call: the server takes 500 pieces, of which one may say what is missing, and a megabyte with all around them. */
const maxSentPieces = 499;
const maxSentBytes = 786_432;

/** The output of one stage: lines as they come, several in one call, no faster than the server takes them. */
export class JobOutput {
  readonly #lines = { stdout: new LineJoiner(), stderr: new LineJoiner() };
  #waiting: OutputPiece[] = [];
  #waitingLength = 0;
  #timer: NodeJS.Timeout | undefined;
  #lineTimer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  /** How many characters could not be sent, of which the output does not say so yet. */
  #missing = 0;
  #isClosed = false;

  constructor(private readonly options: JobOutputOptions) {}

  /** Resolves when more may be written: at once, unless the server is slower than the writer. */
  async write(text: string, stream: OutputStreamName = "stdout"): Promise<void> {
    // A function that does not heed its signal may write for ever, and is not to hold up all others of this process.
    if (this.#isClosed) return nextTurn();
    this.#add(this.#lines[stream].take(text), stream);
    this.#lineTimer ??= setTimeout(() => this.#endLines(), maxLineDelayMs);
    if (this.#waitingLength >= maxPieceLength) void this.#send();
    else if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => void this.#send(), maxDelayMs);
    while (this.#waitingLength >= maxWaitingLength) await this.#send();
  }

  /** Resolves when all that was written is sent, or told to be missing. Ignores what is written afterwards. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#endLines();
    while (this.#waiting.length > 0 || this.#sending) await this.#send();
    // Where this cannot be said either, nobody hears more of this stage.
    if (this.#missing > 0) await this.options.send([this.#missingPiece()]).catch(() => {});
  }

  #endLines(): void {
    clearTimeout(this.#lineTimer);
    this.#lineTimer = undefined;
    for (const stream of ["stdout", "stderr"] as const) this.#add(this.#lines[stream].end(), stream);
    if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => void this.#send(), maxDelayMs);
  }

  #add(written: string, stream: OutputStreamName): void {
    const { stage, attempt } = this.options;
    const text = written.toWellFormed();
    for (let start = 0; start < text.length;) {
      const part = text.slice(start, wholeEnd(text, start + maxPieceLength));
      const last = this.#waiting.at(-1);
      start += part.length;
      this.#waitingLength += part.length;
      if (last?.stream === stream && last.text.length + part.length <= maxPieceLength)
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
      const pieces = this.#takePieces();
      const length = pieces.reduce((sum, { text }) => sum + text.length, 0);
      try {
        await this.options.send(this.#missing > 0 ? [this.#missingPiece(), ...pieces] : pieces);
        this.#missing = 0;
      } catch (error) {
        if (this.#missing === 0) this.options.onError(error);
        this.#missing += length;
        // As above: what is refused at once is written at once.
        await nextTurn();
      }
      this.#waitingLength -= length;
    }
  }

  /** As much of what waits as one call can bring. */
  #takePieces(): OutputPiece[] {
    let [count, bytes] = [0, 0];
    for (const piece of this.#waiting.slice(0, maxSentPieces)) {
      // As it is sent: a control character takes six bytes.
      bytes += Buffer.byteLength(JSON.stringify(piece));
      if (count > 0 && bytes > maxSentBytes) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  #missingPiece(): OutputPiece {
    const { stage, attempt } = this.options;
    return { stage, attempt, stream: "stderr", text: `[${this.#missing} characters could not be sent]\n` };
  }
}
