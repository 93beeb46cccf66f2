import { startDeadline } from "./deadline.js";
import { pause, retryTransient, type Attempt } from "./retry.js";

/** Dispose it once the job is over. */
export interface Lease extends AsyncDisposable {
  /** Aborted when the job no longer belongs to this worker; the reason says why. */
  readonly signal: AbortSignal;
}

export interface LeaseOptions {
  readonly jobId: string;
  readonly leaseMs: number;
  /** When the claim was sent, by `performance.now()`. */
  readonly claimedAtMs: number;
  readonly renew: Attempt<unknown>;
  onRetry(error: unknown): void;
}

/**
 * Renews a claim three times per lease. While the server is away it keeps trying until the lease has run out, for
 * then the server fails the job and nothing this worker does counts any more.
 */
export function keepLease({ jobId, leaseMs, claimedAtMs, renew, onRetry }: LeaseOptions): Lease {
  const lost = new AbortController();
  const released = new AbortController();

  const renewals = keepRenewing().catch((cause: unknown) => {
    if (released.signal.aborted) return;
    const why = cause instanceof Error ? cause.message : String(cause);
    lost.abort(new Error(`The claim on job ${jobId} was lost: ${why}`, { cause }));
  });

  async function keepRenewing(): Promise<never> {
    let renewedAtMs = claimedAtMs;
    for (;;) {
      await pause(Math.max(0, renewedAtMs + leaseMs / 3 - performance.now()), released.signal);
      const askedAtMs = performance.now();
      using held = startDeadline(Math.max(0, renewedAtMs + leaseMs - askedAtMs), released.signal);
      await retryTransient(renew, { signal: held.signal, onRetry });
      renewedAtMs = askedAtMs;
    }
  }

  return {
    signal: lost.signal,
    async [Symbol.asyncDispose]() {
      released.abort();
      await renewals;
    },
  };
}
