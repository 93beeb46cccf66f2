import type { WorkService } from "./work-service.js";

/** Sweeps until disposed, one sweep at a time. Several processes may: the guard of each commit decides. */
export function startLeaseSweeper(
  work: WorkService,
  { intervalMs, onError }: { intervalMs: number; onError: (error: unknown) => void },
): AsyncDisposable {
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let sweeping = Promise.resolve();
  const schedule = () => {
    timer = setTimeout(() => {
      sweeping = work
        .sweep(stopping.signal)
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
      await sweeping;
    },
  };
}
