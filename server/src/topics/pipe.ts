import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { timerMs } from "@jobwire/shared";
import { AppError } from "../app-error.js";
import { joinSignals } from "../join-signals.js";
import { idempotencyMs } from "../store/store.js";

/** How events are joined into commits, and what is said at the end. */
export interface PipeOptions<Input> {
  /** How long an event may wait for others to be committed with. Default 50. */
  readonly maxDelayMs?: number;
  /** What waits is committed when it has about so many bytes as JSON. Default 16,384. */
  readonly maxBytes?: number;
  /** Said when the source has come to its end: an event that ends the topic, for instance. */
  readonly end?: () => Input;
  /**
   * Said when the source has failed, or an event of it was refused. `pipe` rejects with the reason all the same, and also
   * when this one is refused too.
   */
  readonly fail?: (error: unknown) => Input;
  /** Aborted: the source is left, and what waits is committed. */
  readonly signal?: AbortSignal;
  /** How long a store that is away is waited for, before `pipe` fails: at most nine minutes. Default 60,000. */
  readonly patienceMs?: number;
}

export type Publish<Input> = (events: readonly Input[], idempotencyKey: string) => Promise<unknown>;

const maxBatchEvents = 500;
const retryMs = 200;
/** What was committed without an answer is known for so long, with time for one more attempt. */
const maxPatienceMs = idempotencyMs - 60_000;

/**
 * Commits what a source yields, joined by time and size. The source is asked for more only while less than a commit's
 * worth waits, so a store that is slow, or away for a moment, slows it down and loses nothing. What came before an event
 * that is refused is committed; what comes after it is not.
 * @returns how many events were committed.
 * @throws what the source throws, what refuses an event, and AppError `STORE_UNAVAILABLE` when the store was away for longer
 * than `patienceMs`.
 */
export async function pipeInto<Input>(
  publish: Publish<Input>,
  source: AsyncIterable<Input> | Iterable<Input>,
  options: PipeOptions<Input> = {},
): Promise<{ readonly events: number }> {
  const pipe = new Pipe(publish, options);
  const isLeft = () => options.signal?.aborted ?? false;
  try {
    try {
      using left = joinSignals([options.signal, pipe.failed]);
      await drain(source, left.signal, (event) => pipe.take(event));
    } finally {
      await pipe.flush();
    }
    if (options.end && !isLeft()) {
      await pipe.take(options.end());
      await pipe.flush();
    }
  } catch (error) {
    if (options.fail && !isLeft()) await pipe.sayLast(options.fail(error));
    throw error;
  }
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
  readonly #failing = new AbortController();
  /** Aborts when a commit has failed: nothing more is taken. */
  readonly failed = this.#failing.signal;

  constructor(
    private readonly publish: Publish<Input>,
    private readonly options: PipeOptions<Input>,
  ) {}

  /** @returns when another one may come; nothing: at once. */
  take(event: Input): Promise<void> | undefined {
    const { maxDelayMs = 50, maxBytes = 16_384 } = this.options;
    if (this.#failure) throw this.#failure.error;
    this.#waiting.push(event);
    this.#waitingBytes += sizeOf(event);
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

  /** After a failure. It may be refused as well, as after an event that ended the log: then the failure says enough. */
  async sayLast(event: Input): Promise<void> {
    if (isAway(this.#failure?.error)) return;
    await this.#publish([event], `${this.#id} last`).catch(() => {});
  }

  async #commit(): Promise<void> {
    const events = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    try {
      await this.#publish(events, `${this.#id} ${++this.#batch}`);
    } catch (error) {
      this.#failure = { error };
      this.#failing.abort();
      throw error;
    }
  }

  /** Of a commit that is refused nothing is written: it is halved until the event that it is refused for is alone. */
  async #publish(events: readonly Input[], idempotencyKey: string): Promise<void> {
    try {
      await this.#publishTogether(events, idempotencyKey);
    } catch (error) {
      if (events.length === 1 || isAway(error)) throw error;
      const half = Math.ceil(events.length / 2);
      await this.#publish(events.slice(0, half), `${idempotencyKey}a`);
      await this.#publish(events.slice(half), `${idempotencyKey}b`);
    }
  }

  async #publishTogether(events: readonly Input[], idempotencyKey: string): Promise<void> {
    const { patienceMs = 60_000 } = this.options;
    const giveUpAt = performance.now() + Math.min(patienceMs, maxPatienceMs);
    for (;;) {
      try {
        await this.publish(events, idempotencyKey);
        this.committed += events.length;
        return;
      } catch (error) {
        if (!isAway(error) || performance.now() > giveUpAt) throw error;
        await delay(retryMs);
      }
    }
  }
}

/** Whether nobody knows if it was written; after any other error it was not. */
function isAway(error: unknown): boolean {
  return error instanceof AppError && error.reason === "STORE_UNAVAILABLE";
}

/** Hands over what a source yields. It is left when the signal aborts, also while it stalls. */
async function drain<Item>(
  source: AsyncIterable<Item> | Iterable<Item>,
  signal: AbortSignal,
  take: (item: Item) => Promise<void> | undefined,
): Promise<void> {
  const iterator: AsyncIterator<Item> | Iterator<Item> =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let wake = () => {};
  const onAbort = () => wake();
  signal.addEventListener("abort", onAbort);
  let isOver = false;
  try {
    while (!signal.aborted) {
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
    signal.removeEventListener("abort", onAbort);
    // Not awaited: a generator that stalls takes its `return` only when what it waits for has come.
    if (!isOver) void Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

/** About how long it is as JSON, also where JSON has no form for it: it is encoded when it is committed, and only then. */
function sizeOf(event: unknown): number {
  try {
    return lengthOf(event);
  } catch {
    // Nested without an end: it is refused when it is committed, at once.
    return Infinity;
  }
}

function lengthOf(value: unknown): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return 8;
  if (value instanceof Date) return 26;
  let length = 2;
  if (value instanceof Map || value instanceof Set || Array.isArray(value))
    for (const part of value) length += lengthOf(part) + 1;
  else for (const [name, part] of Object.entries(value)) length += name.length + lengthOf(part) + 4;
  return length;
}
