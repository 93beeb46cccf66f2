/** Those who wait for something to change; all of them are woken by each change. */
export class WaitingRoom {
  readonly #waiting = new Set<() => void>();

  /** Resolves at the next change, and when the signal aborts. */
  wait(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  wake(): void {
    if (this.#waiting.size === 0) return;
    for (const wake of this.#waiting) wake();
  }
}
