export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Aborts after `timeoutMs` or together with `parent`, whichever is first. Dispose it to free its timer and listener.
 *
 * Node 20 may collect an `AbortSignal.timeout` that only `AbortSignal.any` knows, and then never fires it.
 */
export function startDeadline(timeoutMs: number, parent: AbortSignal): Deadline {
  const controller = new AbortController();
  const follow = () => controller.abort(parent.reason);
  const expire = () => controller.abort(new Error(`Not done within ${timeoutMs} ms.`));
  const timer = setTimeout(expire, timeoutMs);
  if (parent.aborted) follow();
  else parent.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      parent.removeEventListener("abort", follow);
    },
  };
}
