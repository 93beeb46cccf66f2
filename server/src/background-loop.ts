export interface BackgroundLoopOptions {
  /** The time between the end of one run and the start of the next. */
  readonly intervalMs: number;
  /** Hears of a run that failed; the next one comes all the same. */
  readonly onError: (error: unknown) => void;
}

/** Runs again and again until it is disposed, one run at a time. The signal aborts then, and the last run is awaited. */
export function startBackgroundLoop(
  run: (signal: AbortSignal) => Promise<void>,
  { intervalMs, onError }: BackgroundLoopOptions,
): AsyncDisposable {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const schedule = () => {
    timer = setTimeout(() => {
      running = run(stopping.signal)
        .catch(onError)
        .finally(() => {
          if (!stopping.signal.aborted) schedule();
        });
    }, intervalMs).unref();
  };
  schedule();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
