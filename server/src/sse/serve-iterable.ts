import { isTrackedEnvelope } from "@trpc/server";
import { sseText } from "./sse-text.js";

export interface IterableOptions {
  readonly send: (text: string) => void;
  /** While it returns a promise the peer takes no more. */
  readonly congestion: () => Promise<void> | undefined;
  readonly toJson: (value: unknown) => string | undefined;
  readonly signal: AbortSignal;
  /** The id the client has when it comes. */
  readonly lastEventId: string | null;
  /** End after the first value and what follows it at once; for runtimes that cannot stream. */
  readonly emitAndEndImmediately: boolean;
  /** What a generator throws while it is told to stop. */
  readonly onError: (error: unknown) => void;
}

const graceMs = 1;

/**
 * Sends what any async iterable yields, as tRPC's own handler does: the ordinary way, for subscriptions that are not
 * event streams. The next value is asked for when the peer has taken most of the ones before.
 * @returns whether it came to its end; false: it was cut short.
 */
export async function serveIterable(
  iterable: AsyncIterable<unknown>,
  options: IterableOptions,
): Promise<boolean> {
  const { send, congestion, toJson, signal, emitAndEndImmediately, onError } = options;
  let lastEventId = options.lastEventId && !/[\0\n\r]/.test(options.lastEventId) ? options.lastEventId : null;
  const iterator = iterable[Symbol.asyncIterator]();
  let isStopped = signal.aborted;
  let isDone = false;
  let wake = () => {};
  const stop = () => {
    isStopped = true;
    wake();
  };
  signal.addEventListener("abort", stop, { once: true });
  let grace: NodeJS.Timeout | undefined;
  try {
    while (!isStopped) {
      // One promise for each value: racing against one that lives as long as the stream would keep them all.
      const result = await new Promise<IteratorResult<unknown> | undefined>((resolve, reject) => {
        wake = () => resolve(undefined);
        iterator.next().then(resolve, reject);
      });
      if (isStopped || !result) break;
      if (result.done) {
        isDone = true;
        return true;
      }
      if (isTrackedEnvelope(result.value)) {
        const [id, data] = result.value;
        lastEventId = id;
        send(sseText.data(toJson(data), id));
      } else {
        const json = toJson(result.value);
        send(lastEventId === null ? sseText.data(json) : sseText.untracked(json, lastEventId));
      }
      if (emitAndEndImmediately) grace ??= setTimeout(stop, graceMs);
      await congestion();
    }
    return false;
  } finally {
    clearTimeout(grace);
    signal.removeEventListener("abort", stop);
    // Not awaited: a generator that waits for something takes its `return` only when that has come.
    if (!isDone) iterator.return?.().catch(onError);
  }
}
