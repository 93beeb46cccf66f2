/** Something that holds back what comes in one turn of the event loop, to hand it out at once. */
export interface Flushable {
  flush(): void;
}

/** Flushes all that became due in this turn of the event loop at its end, with one callback for all. */
export class FlushQueue {
  #due: Flushable[] = [];
  #isScheduled = false;

  add(flushable: Flushable): void {
    this.#due.push(flushable);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#run());
  }

  #run(): void {
    const due = this.#due;
    this.#due = [];
    this.#isScheduled = false;
    for (const flushable of due) flushable.flush();
  }
}
