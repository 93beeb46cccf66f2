/** The one clock that deadlines are set and judged by: that of the store, which all processes share. */
export interface StoreClock {
  /** Milliseconds since 1970. An estimate: what must be exact is judged within a commit (`expectPast`). */
  now(): number;
  /** How far this process's own clock is ahead of it, in milliseconds. */
  readonly skewMs: number;
}

/** For a store in this process. */
export const ownClock: StoreClock = { now: () => Date.now(), skewMs: 0 };

const maxSamples = 8;

/** Learns the store's clock from answers: the quicker the answer, the better is known when it was given. */
export class LearnedClock implements StoreClock {
  readonly #samples: { readonly skewMs: number; readonly tripMs: number }[] = [];
  #isOfOtherServer = false;

  get skewMs(): number {
    let best = this.#samples[0];
    for (const sample of this.#samples) if (best && sample.tripMs < best.tripMs) best = sample;
    return best?.skewMs ?? 0;
  }

  now(): number {
    return Date.now() - this.skewMs;
  }

  /** Asks once more. @param ask For the time, in milliseconds since 1970. */
  async learn(ask: () => Promise<number>): Promise<void> {
    const askedAt = performance.now();
    const storeMs = await ask();
    const tripMs = performance.now() - askedAt;
    if (this.#isOfOtherServer) this.#samples.length = 0;
    this.#isOfOtherServer = false;
    this.#samples.push({ skewMs: Math.round(Date.now() - tripMs / 2 - storeMs), tripMs });
    if (this.#samples.length > maxSamples) this.#samples.shift();
  }

  /** The answers may come from another server, which has a clock of its own: until it is asked, that of the last one is nearest. */
  forget(): void {
    this.#isOfOtherServer = true;
  }
}

/** From the answer to `TIME`: seconds and microseconds. */
export function readTime([seconds = 0, micros = 0]: readonly (number | string)[]): number {
  return Number(seconds) * 1000 + Number(micros) / 1000;
}
