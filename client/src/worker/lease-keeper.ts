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
    lost.abort(new Error(`The claim on job ${jobId} was lost: ${textOf(cause)}`, { cause }));
  });

  async function keepRenewing(): Promise<never> {
    let renewedAtMs = claimedAtMs;
    let lastProblem: unknown;
    for (;;) {
      await pause(Math.max(0, renewedAtMs + leaseMs / 3 - performance.now()), released.signal);
      const askedAtMs = performance.now();
      const leftMs = renewedAtMs + leaseMs - askedAtMs;
      // A process that stood still, or whose event loop was busy, comes here after the end.
      if (leftMs <= 0) throw leaseRanOut(leftMs, lastProblem);
      using held = startDeadline(leftMs, released.signal, () => leaseRanOut(0, lastProblem));
      await retryTransient(renew, {
        signal: held.signal,
        onRetry(error) {
          lastProblem = error;
          onRetry(error);
        },
      });
      renewedAtMs = askedAtMs;
      lastProblem = undefined;
    }
  }

  function leaseRanOut(agoMs: number, problem: unknown): Error {
    const endedAt = new Date(Date.now() + agoMs).toISOString();
    const why =
      problem === undefined
        ? "this process did not renew it in time"
        : `the server could not be asked to renew it: ${textOf(problem)}`;
    return new Error(`the lease ran out at ${endedAt}; ${why}`);
  }

  return {
    signal: lost.signal,
    async [Symbol.asyncDispose]() {
      released.abort();
      await renewals;
    },
  };
}

function textOf(problem: unknown): string {
  return problem instanceof Error ? problem.message : String(problem);
}
