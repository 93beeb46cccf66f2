/**
 * Aborts the controller with the first of the signals. `AbortSignal.any` is not everywhere, and keeps what it made alive
 * for as long as its sources.
 * @returns what takes the listeners away again.
 */
export function forwardAbort(
  signals: readonly (AbortSignal | null | undefined)[],
  controller: AbortController,
): () => void {
  const abort = () => controller.abort();
  for (const signal of signals) {
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
  }
  return () => {
    for (const signal of signals) signal?.removeEventListener("abort", abort);
  };
}
