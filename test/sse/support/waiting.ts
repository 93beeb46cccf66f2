import { expect } from "vitest";

/** Something that happens once, waited for with a limit: what does not happen fails here and not at the test's end. */
export class Happening<Value = void> {
  #happen: (value: Value) => void = () => {};
  readonly #happened = new Promise<Value>((resolve) => (this.#happen = resolve));

  constructor(private readonly what: string) {}

  happen(value: Value): void {
    this.#happen(value);
  }

  async soon(timeoutMs = 5000): Promise<Value> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`Not within ${timeoutMs} ms: ${this.what}`)), timeoutMs);
    });
    try {
      return await Promise.race([this.#happened, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** `expect` that looks again until it holds; patient, because other test files keep the machine busy. */
export function eventually<Value>(look: () => Value): ReturnType<typeof expect.poll<Value>> {
  return expect.poll(look, { timeout: 10_000, interval: 10 });
}
