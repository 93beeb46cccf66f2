import { setMaxListeners } from "node:events";

export interface JoinedSignal extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Aborts with the first of the signals, or after `timeoutMs`. Dispose it, and nothing of it is left: of what
 * `AbortSignal.any` makes, a signal that lives long keeps a trace for each.
 */
export function joinSignals(given: readonly (AbortSignal | undefined)[], timeoutMs?: number): JoinedSignal {
  const signals = given.filter((signal) => signal !== undefined);
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = timeoutMs === undefined ? undefined : setTimeout(abort, timeoutMs);
  // As many may be joined at a time as there is to do.
  setMaxListeners(0, ...signals);
  for (const signal of signals) {
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
  }
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener("abort", abort);
    },
  };
}
