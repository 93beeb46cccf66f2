/** How long is waited between attempts: up to `baseMs` after the first failure, doubled with each up to `capMs`. */
export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}

export const defaultBackoff: Backoff = { baseMs: 1000, capMs: 30_000 };

/** A connection that lasted so long was a good one. */
const healthyAfterMs = 5000;
/** For longer no server can ask to be left alone. */
const maxRequestedMs = 300_000;

/**
 * When to try again: after an exponentially growing time with full jitter, added to the time the server asks for
 * (`retry:`, `Retry-After`). Starts over after a connection that lasted.
 */
export class RetrySchedule {
  #failures = 0;
  #liveSinceMs: number | null = null;
  #retryMs: number | null = null;

  constructor(private readonly backoff: Backoff) {}

  /** Attempts in a row, the next one included. */
  get attempt(): number {
    return this.#failures + 1;
  }

  /** The server said `retry:`. */
  onRetry(retryMs: number): void {
    this.#retryMs = Math.min(retryMs, maxRequestedMs);
  }

  onLive(): void {
    this.#liveSinceMs = performance.now();
  }

  /** @returns after how many milliseconds the next attempt is to be made. */
  onFailure(retryAfterMs: number): number {
    const wasHealthy = this.#wasHealthy();
    this.#liveSinceMs = null;
    this.#failures = wasHealthy ? 1 : this.#failures + 1;
    const requestedMs = Math.max(this.#retryMs ?? 0, Math.min(retryAfterMs, maxRequestedMs));
    // Servers spread `retry:` among their clients.
    if (wasHealthy && this.#retryMs !== null) return requestedMs;
    const { baseMs, capMs } = this.backoff;
    return requestedMs + Math.random() * Math.min(capMs, baseMs * 2 ** (this.#failures - 1));
  }

  #wasHealthy(): boolean {
    return this.#liveSinceMs !== null && performance.now() - this.#liveSinceMs >= healthyAfterMs;
  }
}

/** `Retry-After` in milliseconds, from seconds or a date; 0 when there is none. */
export function readRetryAfter(value: string | null): number {
  if (value === null) return 0;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return ms > 0 ? ms : 0;
}

/** Resolves after so long, or at once when the signal is aborted. */
export function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, durationMs);
    signal.addEventListener("abort", done, { once: true });
  });
}
