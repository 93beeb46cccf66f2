/** Whether the numbers 1, 2, 3 … come in order, once each, without holes. */
export class Sequence {
  #next: number;
  #skipped = 0;
  #repeated = 0;

  constructor(first: number) {
    this.#next = first;
  }

  see(value: number): void {
    if (value === this.#next) this.#next += 1;
    else if (value < this.#next) this.#repeated += 1;
    else {
      this.#skipped += value - this.#next;
      this.#next = value + 1;
    }
  }

  /** How many of the numbers up to `last` did not come in their place. */
  lost(last: number): number {
    return this.#skipped + Math.max(0, last + 1 - this.#next);
  }

  /** How many came again, or too late. */
  get doubled(): number {
    return this.#repeated;
  }
}
