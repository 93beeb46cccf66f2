import type { LogMessage } from "../store/store.js";
import type { Turns } from "./turns.js";

export interface CatchUpOptions {
  /** How many topics may catch up at a time. */
  readonly turns: Turns;
  /** Reads what follows in the log. @returns whether that was all. */
  readonly readOn: () => Promise<boolean>;
  /** Names the point that has been reached: it changes with each read that brought something. */
  readonly position: () => string;
  /** Is handed each message that was held meanwhile. */
  readonly receive: (message: LogMessage) => void;
  /** Whether the store is known to be away: then it is not even asked. */
  readonly isAway: () => boolean;
  readonly onError: (error: unknown) => void;
}

const retryDelayMs = 500;
const maxHeld = 256;
/** How often the log is read on from one point without getting anywhere, before it is left alone for a while. */
const maxFruitlessReads = 3;
/** In UTF-16 code units of bodies. */
const maxHeldLength = 1_048_576;

/**
 * Brings a topic's hub to the end of its log when something may have been missed. One at a time; what happens meanwhile
 * makes it go on, and an error makes it try again after half a second.
 */
export class CatchUp implements Disposable {
  #held: LogMessage[] = [];
  #heldLength = 0;
  #isBehind = false;
  #isDisposed = false;
  #running: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(private readonly options: CatchUpOptions) {}

  /** Until it is known where the log is, nobody can say whether a message is what comes next. */
  get isUnderWay(): boolean {
    return this.#isBehind || this.#running !== undefined;
  }

  /** The store did not answer, or is away; it is tried again by itself. */
  get hasFailed(): boolean {
    return this.#retry !== undefined;
  }

  /** Something may have been missed. Resolves when the end was reached, or the store failed. */
  start(): Promise<void> {
    this.#isBehind = true;
    this.#running ??= this.options.turns
      .run(() => this.#readToEnd())
      .finally(() => {
        this.#running = undefined;
        if (!this.#isBehind) for (const message of this.#takeHeld()) this.options.receive(message);
        else if (!this.#retry && !this.#isDisposed) void this.start();
      });
    return this.#running;
  }

  /** As `start`, and what is held is forgotten: it may come from a log that was set back since. */
  startOver(): void {
    this.#takeHeld();
    void this.start();
  }

  /** Keeps a message until the end was reached. Of too many none are kept: the log is read on instead. */
  hold(message: LogMessage): void {
    this.#held.push(message);
    for (const { body } of message.entries) this.#heldLength += body.length;
    if (this.#held.length <= maxHeld && this.#heldLength <= maxHeldLength) return;
    this.#takeHeld();
    this.#isBehind = true;
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearTimeout(this.#retry);
  }

  #takeHeld(): LogMessage[] {
    const held = this.#held;
    this.#held = [];
    this.#heldLength = 0;
    return held;
  }

  async #readToEnd(): Promise<void> {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    let [position, fruitlessReads] = [this.options.position(), 0];
    while (this.#isBehind && !this.#isDisposed) {
      if (this.options.isAway() || fruitlessReads === maxFruitlessReads) return this.#tryAgainLater();
      this.#isBehind = false;
      try {
        if (!(await this.options.readOn())) this.#isBehind = true;
      } catch (error) {
        if (this.#isDisposed) return;
        this.options.onError(error);
        this.#isBehind = true;
        return this.#tryAgainLater();
      }
      const reached = this.options.position();
      fruitlessReads = reached === position ? fruitlessReads + 1 : 0;
      position = reached;
    }
  }

  #tryAgainLater(): void {
    this.#retry = setTimeout(() => void this.start(), retryDelayMs).unref();
  }
}
