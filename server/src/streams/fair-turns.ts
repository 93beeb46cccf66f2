/** So many values may be written in one turn of the event loop, and for so long, before others have their turn. */
const maxValues = 32;
const maxMs = 5;

/**
 * Keeps loops that hardly ever have to wait from having the process for themselves, however many there are: without a
 * turn of the event loop in between nobody else is served, no timer goes off, and nobody hears that the peer has left.
 */
export class FairTurns {
  readonly #waiting: (() => void)[] = [];
  #isUnderWay = false;
  #values = 0;
  #startedAtMs = 0;

  /** To be called for each value, and awaited: a promise when it is the turn of others. */
  next(): Promise<void> | undefined {
    if (!this.#isUnderWay) this.#start();
    if (this.#waiting.length === 0 && this.#hasRoom) {
      this.#values += 1;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  get #hasRoom(): boolean {
    return this.#values < maxValues && performance.now() - this.#startedAtMs < maxMs;
  }

  #start(): void {
    this.#isUnderWay = true;
    this.#values = 0;
    this.#startedAtMs = performance.now();
    setImmediate(() => void this.#goOn());
  }

  async #goOn(): Promise<void> {
    this.#isUnderWay = false;
    if (this.#waiting.length === 0) return;
    this.#start();
    while (this.#waiting.length > 0 && this.#hasRoom) {
      this.#values += 1;
      this.#waiting.shift()?.();
      // It goes on at once, up to where it waits again.
      await Promise.resolve();
    }
  }
}
