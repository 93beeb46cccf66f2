import { isTrackedEnvelope } from "@trpc/server";
import type { FairTurns } from "../streams/fair-turns.js";
import { frameIdOf, isUnsendable } from "./last-event-id.js";
import { sseText } from "./sse-text.js";

export interface IterableOptions {
  readonly send: (text: string) => void;
  /** While it returns a promise the peer takes no more. */
  readonly congestion: () => Promise<void> | undefined;
  readonly toJson: (value: unknown) => string | undefined;
  /** Of all that is sent in this way. */
  readonly turns: FairTurns;
  readonly signal: AbortSignal;
  /** The id the client has when it comes. */
  readonly lastEventId: string | null;
  /** End after the first value and what follows it at once; for runtimes that cannot stream. */
  readonly emitAndEndImmediately: boolean;
  /** What a generator throws while it is told to stop. */
  readonly onError: (error: unknown) => void;
}

const graceMs = 1;

/** What is waited for in place of a value that nobody wants any more. */
const cut = Symbol("cut");

/**
 * Sends what any async iterable yields, as tRPC's own handler does: the ordinary way, for subscriptions that are not
 * event streams. The next value is asked for when the peer has taken most of the ones before; an iterator that answers
 * at once, for ever, keeps nobody else waiting.
 * @returns whether it came to its end; false: it was cut short.
 */
export async function serveIterable(
  iterable: AsyncIterable<unknown>,
  options: IterableOptions,
): Promise<boolean> {
  const { send, congestion, toJson, turns, signal, emitAndEndImmediately, onError } = options;
  let lastEventId = options.lastEventId && !isUnsendable(options.lastEventId) ? options.lastEventId : null;
  const iterator = iterable[Symbol.asyncIterator]();
  let isStopped = signal.aborted;
  /** It ended or failed by itself, so it is not told to. */
  let isOver = false;
  let wake = () => {};
  const stop = () => {
    isStopped = true;
    wake();
  };
  signal.addEventListener("abort", stop, { once: true });
  let grace: NodeJS.Timeout | undefined;
  /** One promise for each value: racing against one that lives as long as the stream would keep them all. */
  const next = () =>
    new Promise<unknown>((resolve, reject) => {
      wake = () => resolve(cut);
      // Code of others may answer without a promise.
      Promise.resolve(iterator.next()).then(resolve, reject);
    }).catch((error: unknown) => {
      isOver = true;
      throw error;
    });
  try {
    while (!isStopped) {
      const result = await next();
      if (isStopped || result === cut) break;
      if (!isResult(result)) {
        isOver = true;
        throw new TypeError(`Iterator result ${String(result)} is not an object`);
      }
      if (result.done) {
        isOver = true;
        return true;
      }
      if (isTrackedEnvelope(result.value)) {
        const [id, data] = result.value;
        lastEventId = frameIdOf(id);
        send(sseText.data(toJson(data), lastEventId));
      } else {
        const json = toJson(result.value);
        send(lastEventId === null ? sseText.data(json) : sseText.untracked(json, lastEventId));
      }
      if (emitAndEndImmediately) grace ??= setTimeout(stop, graceMs);
      await congestion();
      await turns.next();
    }
    return false;
  } finally {
    clearTimeout(grace);
    signal.removeEventListener("abort", stop);
    if (!isOver) leave(iterator, onError);
  }
}

function isResult(value: unknown): value is { readonly done?: unknown; readonly value?: unknown } {
  return (typeof value === "object" || typeof value === "function") && value !== null;
}

/** Not awaited: a generator that waits for something takes its `return` only when that has come. */
function leave(iterator: AsyncIterator<unknown>, onError: (error: unknown) => void): void {
  try {
    Promise.resolve(iterator.return?.()).catch(onError);
  } catch (error) {
    onError(error);
  }
}
