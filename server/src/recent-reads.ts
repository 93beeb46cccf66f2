const freshMs = 1000;

/** Reads things once for all who ask at the same time or a moment later. */
export class RecentReads<Value> {
  readonly #reads = new Map<string, Promise<Value>>();

  /** @param mayBeOld Whether the answer is good for a second. */
  read(name: string, read: () => Promise<Value>, mayBeOld: (value: Value) => boolean): Promise<Value> {
    const known = this.#reads.get(name);
    if (known) return known;
    const reading = read();
    this.#reads.set(name, reading);
    const forget = () => {
      if (this.#reads.get(name) === reading) this.#reads.delete(name);
    };
    reading.then((value) => (mayBeOld(value) ? setTimeout(forget, freshMs).unref() : forget()), forget);
    return reading;
  }

  forget(name: string): void {
    this.#reads.delete(name);
  }
}
