/** Something that holds back what comes in one turn of the event loop, to hand it out at once. */
export interface Flushable {
  flush(): void;
}

/**
 * Flushes what became due once the callback of this turn and all that follows from it at once have run: everything that
 * came in one read from the network is joined, and no further turn of the event loop is needed.
 */
export class FlushQueue {
  #due: Flushable[] = [];
  #isScheduled = false;

  add(flushable: Flushable): void {
    this.#due.push(flushable);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(() => this.#run());
  }

  #run(): void {
    const due = this.#due;
    this.#due = [];
    this.#isScheduled = false;
    for (const flushable of due) flushable.flush();
  }
}
