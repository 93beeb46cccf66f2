import { timerMs } from "../timer-ms.js";
import { onRevival } from "./page-events.js";

/** How long is waited between attempts: up to `baseMs` after the first failure, doubled with each up to `capMs`. */
export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}

export const defaultBackoff: Backoff = { baseMs: 1000, capMs: 30_000 };

/** A connection that lasted so long was a good one. */
const healthyAfterMs = 5000;
/** Browsers may be wrong about their network, and a server may be on the same machine. */
const offlineRetryMs = 10_000;
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

  /** Whether the connection has lasted: whatever it was asked with was accepted. */
  get isHealthy(): boolean {
    return this.#liveSinceMs !== null && performance.now() - this.#liveSinceMs >= healthyAfterMs;
  }

  onLive(): void {
    this.#liveSinceMs = performance.now();
  }

  /** The network is there again: what failed without it says nothing about the server. */
  startOver(): void {
    this.#failures = 0;
  }

  /** Without a network an attempt counts for nothing. @returns as `onFailure`. */
  onFailureOffline(): number {
    if (this.#endLive()) this.startOver();
    return Math.min(this.backoff.capMs, offlineRetryMs);
  }

  /** @returns after how many milliseconds the next attempt is to be made. */
  onFailure(retryAfterMs: number): number {
    const wasHealthy = this.#endLive();
    this.#failures = wasHealthy ? 1 : this.#failures + 1;
    const requestedMs = Math.max(this.#retryMs ?? 0, Math.min(retryAfterMs, maxRequestedMs));
    // Servers spread `retry:` among their clients.
    if (wasHealthy && this.#retryMs !== null) return requestedMs;
    const { baseMs, capMs } = this.backoff;
    return requestedMs + Math.random() * Math.min(capMs, baseMs * 2 ** (this.#failures - 1));
  }

  /** @returns whether the connection was a good one. */
  #endLive(): boolean {
    const { isHealthy } = this;
    this.#liveSinceMs = null;
    return isHealthy;
  }
}

/** `Retry-After` in milliseconds, from seconds or a date, but no more than a server may ask for; 0 when there is none. */
export function readRetryAfter(value: string | null): number {
  if (value === null) return 0;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return ms > 0 ? Math.min(ms, maxRequestedMs) : 0;
}

export interface Pause {
  readonly durationMs: number;
  /** For so long nothing but the signal ends it: the server asks to be left alone. */
  readonly leastMs?: number;
  readonly signal: AbortSignal;
}

/** Resolves after so long; sooner when another attempt promises more, see `onRevival`; at once when the signal is aborted. */
export function pause({ durationMs, leastMs = 0, signal }: Pause): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const startedAtMs = performance.now();
    const done = () => {
      clearTimeout(timer);
      release();
      signal.removeEventListener("abort", done);
      resolve();
    };
    let timer = setTimeout(done, timerMs(durationMs));
    const release = onRevival(() => {
      const leftMs = startedAtMs + leastMs - performance.now();
      if (leftMs <= 0) return done();
      clearTimeout(timer);
      timer = setTimeout(done, leftMs);
    });
    signal.addEventListener("abort", done, { once: true });
  });
}
