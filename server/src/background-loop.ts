export interface BackgroundLoopOptions {
  /** The time between the end of one run and the start of the next. */
  readonly intervalMs: number;
  /** That time when the next run is asked for earlier, or when the last one failed. Default: `intervalMs`. */
  readonly minIntervalMs?: number;
  /** Hears of a run that failed; the next one comes all the same. */
  readonly onError: (error: unknown) => void;
}

export interface BackgroundLoop extends AsyncDisposable {
  /** The next run begins in so many milliseconds at the latest, but not before `minIntervalMs` have passed since the last one. */
  runWithin(ms: number): void;
}

/**
 * Runs again and again until it is disposed, one run at a time, the first after `minIntervalMs`. The signal aborts then, and
 * the last run is awaited.
 */
export function startBackgroundLoop(
  run: (signal: AbortSignal) => Promise<void>,
  { intervalMs, minIntervalMs = intervalMs, onError }: BackgroundLoopOptions,
): BackgroundLoop {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let earliestAt = performance.now() + minIntervalMs;
  let nextAt = earliestAt;
  const schedule = () => {
    clearTimeout(timer);
    if (stopping.signal.aborted || running) return;
    timer = setTimeout(start, Math.max(nextAt, earliestAt) - performance.now()).unref();
  };
  const start = () => {
    nextAt = Number.POSITIVE_INFINITY;
    running = run(stopping.signal)
      .catch((error: unknown) => {
        nextAt = 0;
        onError(error);
      })
      .finally(() => {
        running = undefined;
        const endedAt = performance.now();
        earliestAt = endedAt + minIntervalMs;
        nextAt = Math.min(nextAt, endedAt + intervalMs);
        schedule();
      });
  };
  schedule();
  return {
    runWithin(ms) {
      const at = performance.now() + ms;
      if (at >= nextAt) return;
      nextAt = at;
      schedule();
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
