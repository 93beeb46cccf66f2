import { timerMs } from "../timer-ms.js";

export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Aborts after `timeoutMs` or together with `parent`, whichever is first. Dispose it to free its timer and listener.
 * @param explain Makes the reason when the time has passed.
 *
 * Node 20 may collect an `AbortSignal.timeout` that only `AbortSignal.any` knows, and then never fires it.
 */
export function startDeadline(
  timeoutMs: number,
  parent: AbortSignal,
  explain = () => new Error(`Not done within ${timeoutMs} ms.`),
): Deadline {
  const controller = new AbortController();
  const follow = () => controller.abort(parent.reason);
  const expire = () => controller.abort(explain());
  const timer = setTimeout(expire, timerMs(timeoutMs));
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
