/** How long the calls of a kind took, in milliseconds. */
export class Durations {
  readonly #tookMs: number[] = [];

  async time<Value>(work: () => Promise<Value>): Promise<Value> {
    const startedAt = performance.now();
    const value = await work();
    this.#tookMs.push(performance.now() - startedAt);
    return value;
  }

  summary(): { readonly p50Ms: number; readonly p99Ms: number } {
    const sorted = this.#tookMs.toSorted((one, other) => one - other);
    const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? NaN;
    return { p50Ms: at(0.5), p99Ms: at(0.99) };
  }
}
