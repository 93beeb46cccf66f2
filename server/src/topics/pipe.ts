import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { timerMs } from "@jobwire/shared";
import { AppError } from "../app-error.js";

/** How events are joined into commits, and what is said at the end. */
export interface PipeOptions<Input> {
  /** How long an event may wait for others to be committed with. Default 50. */
  readonly maxDelayMs?: number;
  /** What waits is committed when it has so many bytes as JSON. Default 16,384. */
  readonly maxBytes?: number;
  /** Said when the source has come to its end: an event that ends the topic, for instance. */
  readonly end?: () => Input;
  /** Said when the source has failed. `pipe` rejects with what it threw all the same. */
  readonly fail?: (error: unknown) => Input;
  /** Aborted: the source is left, and what waits is committed. */
  readonly signal?: AbortSignal;
  /** How long a store that is away is waited for, before `pipe` fails. Default 60,000. */
  readonly patienceMs?: number;
}

export type Publish<Input> = (events: readonly Input[], idempotencyKey: string) => Promise<unknown>;

const maxBatchEvents = 500;
const retryMs = 200;

/**
 * Commits what a source yields, joined by time and size. The source is asked for more only while less than a commit's
 * worth waits, so a store that is slow, or away for a moment, slows it down and loses nothing.
 * @returns how many events were committed.
 * @throws what the source throws, and AppError `STORE_UNAVAILABLE` when the store was away for longer than `patienceMs`.
 */
export async function pipeInto<Input>(
  publish: Publish<Input>,
  source: AsyncIterable<Input> | Iterable<Input>,
  options: PipeOptions<Input> = {},
): Promise<{ readonly events: number }> {
  const pipe = new Pipe(publish, options);
  let failure: { readonly error: unknown } | undefined;
  try {
    await drain(source, options.signal, (event) => pipe.take(event));
  } catch (error) {
    failure = { error };
  }
  await pipe.flush();
  if (!options.signal?.aborted) {
    const last = failure ? options.fail?.(failure.error) : options.end?.();
    if (last !== undefined) await pipe.take(last);
    await pipe.flush();
  }
  if (failure) throw failure.error;
  return { events: pipe.committed };
}

class Pipe<Input> {
  committed = 0;
  readonly #id = randomUUID();
  #batch = 0;
  #waiting: Input[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #committing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly publish: Publish<Input>,
    private readonly options: PipeOptions<Input>,
  ) {}

  /** @returns when another one may come; nothing: at once. */
  take(event: Input): Promise<void> | undefined {
    const { maxDelayMs = 50, maxBytes = 16_384 } = this.options;
    if (this.#failure) throw this.#failure.error;
    this.#waiting.push(event);
    this.#waitingBytes += JSON.stringify(event).length;
    if (this.#waitingBytes >= maxBytes || this.#waiting.length >= maxBatchEvents) return this.flush();
    this.#timer ??= setTimeout(() => void this.flush().catch(() => {}), timerMs(maxDelayMs));
    return undefined;
  }

  /** Resolves when all that was taken is committed. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#waiting.length > 0 || this.#committing) {
      if (this.#failure) throw this.#failure.error;
      this.#committing ??= this.#commit().finally(() => (this.#committing = undefined));
      await this.#committing;
    }
    if (this.#failure) throw this.#failure.error;
  }

  async #commit(): Promise<void> {
    const events = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    const { patienceMs = 60_000 } = this.options;
    const giveUpAt = performance.now() + patienceMs;
    const idempotencyKey = `${this.#id} ${++this.#batch}`;
    for (;;) {
      try {
        await this.publish(events, idempotencyKey);
        this.committed += events.length;
        return;
      } catch (error) {
        const isAway = error instanceof AppError && error.reason === "STORE_UNAVAILABLE";
        if (!isAway || performance.now() > giveUpAt) {
          this.#failure = { error };
          throw error;
        }
        await delay(retryMs);
      }
    }
  }
}

/** Hands over what a source yields. It is left when the signal aborts, also while it stalls. */
async function drain<Item>(
  source: AsyncIterable<Item> | Iterable<Item>,
  signal: AbortSignal | undefined,
  take: (item: Item) => Promise<void> | undefined,
): Promise<void> {
  const iterator: AsyncIterator<Item> | Iterator<Item> =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let wake = () => {};
  const onAbort = () => wake();
  signal?.addEventListener("abort", onAbort);
  let isOver = false;
  try {
    while (!signal?.aborted) {
      // One promise for each item: racing against one that lives as long as the source would keep them all.
      const result = await new Promise<IteratorResult<Item, unknown> | null>((resolve, reject) => {
        wake = () => resolve(null);
        Promise.resolve(iterator.next()).then(resolve, reject);
      }).catch((error: unknown) => {
        isOver = true;
        throw error;
      });
      if (!result) break;
      if (result.done) {
        isOver = true;
        break;
      }
      await take(result.value);
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    // Not awaited: a generator that stalls takes its `return` only when what it waits for has come.
    if (!isOver) void Promise.resolve(iterator.return?.()).catch(() => {});
  }
}
