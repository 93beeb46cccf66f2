/**
 * How long answers are waited through that something else gives in the server's place, as proxies do while it is
 * deployed. Counted from the first of them, and anew after any other outcome.
 */
export class Patience {
  #endsAtMs: number | null = null;

  /** To be called for each such answer. @returns what is left, in milliseconds. */
  spend(): number {
    const now = performance.now();
    this.#endsAtMs ??= now + patienceMs;
    return this.#endsAtMs - now;
  }

  renew(): void {
    this.#endsAtMs = null;
  }
}

const patienceMs = 30_000;
