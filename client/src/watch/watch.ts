import {
  createConnectionMonitor,
  firstAttempt,
  idleState,
  type ConnectionError,
  type ConnectionState,
  type ConnectionStore,
} from "../connection-state.js";
import { listen } from "../sse/page-events.js";
import { cursorIn, takesCursor, withCursor } from "../sse/stream-call.js";
import {
  receivedOf,
  subscribeTo,
  type EventOfProcedure,
  type InputOf,
  type LinkState,
  type Subscribable,
  type SubscriptionCallbacks,
} from "./subscribable.js";

/** Where a stream begins, and what ends it. */
export interface WatchOptions {
  /** Continue after this event. */
  readonly lastEventId?: string | null;
  /** Ends the stream. */
  readonly signal?: AbortSignal;
}

/** So many events may wait for the loop. Past this the stream is left, and continued when they have been taken. */
const maxWaiting = 1000;

/**
 * The events of any subscription, of your own router too: `watch(trpc.orders.events, { orderId })`. Resumes by itself, as its
 * link does. A loop that takes its time loses nothing: with 1000 events waiting the stream is left, and continued after the
 * last of them once they are taken. That needs tracked events and an input with `lastEventId`: an object, or none.
 * @throws TypeError when the input has no place for the `lastEventId` that is given.
 */
export function watch<Procedure extends Subscribable>(
  procedure: Procedure,
  input: InputOf<Procedure>,
  options: WatchOptions = {},
): Watched<EventOfProcedure<Procedure>> {
  return new Watched<EventOfProcedure<Procedure>>(procedure, input, options);
}

type Outcome = { readonly kind: "complete" } | { readonly kind: "failed"; readonly error: unknown };

/** To be read once, with `for await`. Leaving the loop, an aborted signal and `return()` end the subscription at once. */
export class Watched<Event> implements AsyncIterableIterator<Event, undefined>, AsyncDisposable {
  readonly #connection = createConnectionMonitor().open();
  #lastEventId: string | null;
  #receivedId: string | null;
  #waiting: { readonly id: string | undefined; readonly event: Event }[] = [];
  #outcome: Outcome | undefined;
  #stop: (() => void) | undefined;
  #wake = () => {};
  readonly #release: () => void;
  /** Settles when all that was asked for so far is answered. */
  #answered: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly procedure: Subscribable,
    private readonly input: unknown,
    { lastEventId, signal }: WatchOptions,
  ) {
    if (lastEventId && !takesCursor(input))
      throw new TypeError("A stream goes on after `lastEventId` only where its input is an object, or none.");
    this.#lastEventId = this.#receivedId = lastEventId ?? cursorIn(input);
    this.#release = listen(signal, ["abort"], () => void this.return());
    if (signal?.aborted) void this.return();
  }

  /** How this stream is connected. */
  get connection(): ConnectionStore {
    return this.#connection;
  }

  /**
   * The id of the event given last, and before the first one the id that the stream was given: a later stream with it as
   * `lastEventId` goes on there.
   */
  get lastEventId(): string | null {
    return this.#lastEventId;
  }

  /**
   * Who asks before the last answer has come waits for it, and gets the next event.
   * @throws TRPCClientError when the stream fails in a way that another attempt cannot mend.
   */
  next(): Promise<IteratorResult<Event, undefined>> {
    const answer = this.#answered.then(() => this.#next());
    this.#answered = answer.catch(() => {});
    return answer;
  }

  /** Ends the subscription. */
  async return(): Promise<IteratorResult<Event, undefined>> {
    this.#waiting = [];
    this.#end({ kind: "complete" });
    return { done: true, value: undefined };
  }

  /** Itself: it is read once. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends the subscription. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #next(): Promise<IteratorResult<Event, undefined>> {
    for (;;) {
      const item = this.#waiting.shift();
      if (item) {
        this.#lastEventId = item.id ?? this.#lastEventId;
        return { done: false, value: item.event };
      }
      if (this.#outcome?.kind === "failed") {
        const { error } = this.#outcome;
        this.#outcome = { kind: "complete" };
        throw error;
      }
      if (this.#outcome) return { done: true, value: undefined };
      // Before the link is asked: it may answer at once.
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      if (!this.#stop) this.#subscribe();
      await woken;
    }
  }

  #subscribe(): void {
    this.#connection.set(firstAttempt);
    let isLeft = false;
    let unsubscribe = () => {};
    this.#stop = () => {
      isLeft = true;
      unsubscribe();
    };
    const lastEventId = this.#receivedId;
    const input = lastEventId === null ? this.input : withCursor(this.input, lastEventId);
    const callbacks: SubscriptionCallbacks<unknown> = {
      onData: (data) => {
        if (isLeft) return;
        const { id, event } = receivedOf(data);
        this.#receivedId = id ?? this.#receivedId;
        this.#waiting.push({ id, event: event as Event });
        if (this.#waiting.length >= maxWaiting && id !== undefined && takesCursor(input)) this.#leave();
        this.#wake();
      },
      onError: (error) => !isLeft && this.#end({ kind: "failed", error }),
      onComplete: () => !isLeft && this.#end({ kind: "complete" }),
      onConnectionStateChange: (state) => !isLeft && this.#connection.set(connectionOf(state)),
    };
    try {
      unsubscribe = subscribeTo(this.procedure, input, callbacks);
    } catch (error) {
      return this.#end({ kind: "failed", error });
    }
    if (isLeft) unsubscribe();
  }

  #leave(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #end(outcome: Outcome): void {
    this.#outcome ??= outcome;
    this.#release();
    this.#leave();
    const lastError = outcome.kind === "failed" ? (outcome.error as ConnectionError) : null;
    this.#connection.set({ ...idleState, lastError });
    this.#wake();
  }
}

function connectionOf({ state, error, connection }: LinkState): ConnectionState {
  if (connection) return connection;
  const lastError = error as ConnectionError | null;
  if (state === "pending") return { ...idleState, state: "live" };
  return state === "idle" ? { ...idleState, lastError } : { ...firstAttempt, lastError };
}
