import { setImmediate as nextTurn } from "node:timers/promises";

/** So many values of one stream may follow each other, and for so long, before all others have their turn. */
const maxValues = 32;
const maxMs = 5;

/**
 * Keeps a loop that never has to wait from having the process for itself: without a turn of the event loop in between
 * nobody else is served, no timer goes off, and nobody hears that the peer has left.
 */
export class FairTurns {
  #values = 0;
  #startedAtMs = performance.now();

  /** To be called after each value, and awaited: a promise when it is the turn of others. */
  next(): Promise<void> | undefined {
    this.#values += 1;
    if (this.#values < maxValues && performance.now() - this.#startedAtMs < maxMs) return undefined;
    return this.#yield();
  }

  async #yield(): Promise<void> {
    await nextTurn();
    this.#values = 0;
    this.#startedAtMs = performance.now();
  }
}
