import type { JobFeedEvent, JobStreamEvent, SpoolStreamEvent, StreamGap, WorkWaiting } from "@jobwire/shared";
import type { TRPCClientError } from "@trpc/client";
import type { AppRouter } from "@jobwire/server";
import type { TestClient } from "./test-client.js";

const patienceMs = 10_000;

/** Things that arrive one by one, and a way to wait for one of them. Ends once, with an error or without. */
export class Inbox<Item> {
  readonly items: Item[] = [];
  readonly #changed = new Set<() => void>();
  #end: { readonly error: Error | undefined } | undefined;

  push(item: Item): void {
    this.items.push(item);
    this.#wake();
  }

  end(error?: unknown): void {
    const isError = error === undefined || error instanceof Error;
    this.#end ??= { error: isError ? error : new Error("It was no Error that ended it.", { cause: error }) };
    this.#wake();
  }

  /** The first item, also of those that are here already, for which this is so. Rejects when none can come any more. */
  async until(isWanted: (item: Item, index: number) => boolean): Promise<Item> {
    let seen = 0;
    for (;;) {
      for (; seen < this.items.length; seen++) {
        const item = this.items[seen];
        if (item !== undefined && isWanted(item, seen)) return item;
      }
      if (this.#end) throw new Error(`Ended before it came. ${this.#received()}`, { cause: this.#end.error });
      await this.#change();
    }
  }

  /** The first `count` items, as soon as there are as many. */
  async first(count: number): Promise<Item[]> {
    if (count > 0) await this.until((_, index) => index === count - 1);
    return this.items.slice(0, count);
  }

  /** What it ended with: `undefined` for no error. */
  async ended(): Promise<Error | undefined> {
    while (!this.#end) await this.#change();
    return this.#end.error;
  }

  #change(): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (settle: () => void) => () => {
        clearTimeout(timer);
        this.#changed.delete(wake);
        settle();
      };
      const wake = done(resolve);
      const giveUp = done(() => reject(new Error(`Nothing for ${patienceMs} ms. ${this.#received()}`)));
      const timer = setTimeout(giveUp, patienceMs);
      this.#changed.add(wake);
    });
  }

  #wake(): void {
    for (const wake of this.#changed) wake();
  }

  #received(): string {
    return `Received: ${JSON.stringify(this.items, null, 1)}`;
  }
}

export interface Tracked<Event> {
  readonly id: string;
  readonly data: Event;
}

export type CallError = TRPCClientError<AppRouter>;

/** The callbacks a tRPC subscription takes, as far as tests look at them. */
export interface StreamCallbacks<Event> {
  onStarted(): void;
  onData(item: Tracked<Event>): void;
  onError(error: CallError): void;
  onComplete(): void;
  onConnectionStateChange(state: { readonly state: string; readonly error: CallError | null }): void;
}

/** One subscription and all it has received. */
export class Collected<Event> implements Disposable {
  readonly #inbox = new Inbox<Tracked<Event>>();
  readonly #states = new Inbox<{ readonly state: string; readonly error: CallError | null }>();
  readonly #subscription: { unsubscribe(): void };

  constructor(subscribe: (callbacks: StreamCallbacks<Event>) => { unsubscribe(): void }) {
    this.#subscription = subscribe({
      onStarted: () => {},
      onData: (item) => this.#inbox.push(item),
      onError: (error) => this.#end(error),
      onComplete: () => this.#end(),
      onConnectionStateChange: (state) => this.#states.push(state),
    });
  }

  /** Everything received so far, with ids. */
  get items(): readonly Tracked<Event>[] {
    return this.#inbox.items;
  }

  get ids(): string[] {
    return this.items.map(({ id }) => id);
  }

  get events(): Event[] {
    return this.items.map(({ data }) => data);
  }

  /** Resolves once the server has said `connected`. */
  async connected(): Promise<void> {
    await this.#states.until(({ state }) => state === "pending");
  }

  /** The first event, also of those received already, for which this is so. */
  async until(isWanted: (event: Event) => boolean): Promise<Tracked<Event>> {
    return this.#inbox.until(({ data }) => isWanted(data));
  }

  /** The first `count` events, as soon as there are as many. */
  async first(count: number): Promise<Tracked<Event>[]> {
    return this.#inbox.first(count);
  }

  /** All events of a stream that the server completes. Rejects when it ends with an error. */
  async completed(): Promise<Event[]> {
    const error = await this.#inbox.ended();
    if (error !== undefined) throw error;
    return this.events;
  }

  /** The error the stream ends with. Rejects when it completes instead. */
  async error(): Promise<CallError> {
    const error = await this.#inbox.ended();
    if (error === undefined) throw new Error("The stream completed without an error.");
    return error as CallError;
  }

  /** An error after which the client connects again by itself. */
  async retriedError(): Promise<CallError> {
    const { error } = await this.#states.until(
      (state) => state.state === "connecting" && state.error !== null,
    );
    if (error === null) throw new Error("The connection state has no error.");
    return error;
  }

  unsubscribe(): void {
    this.#subscription.unsubscribe();
  }

  [Symbol.dispose](): void {
    this.unsubscribe();
  }

  #end(error?: CallError): void {
    this.#inbox.end(error);
    this.#states.end(error);
  }
}

type InputOf<Procedure extends { subscribe: (input: never, ...rest: never[]) => unknown }> = Parameters<
  Procedure["subscribe"]
>[0];

export function watchJob(
  client: TestClient,
  input: InputOf<TestClient["jobs"]["events"]>,
): Collected<JobStreamEvent> {
  return new Collected((callbacks) => client.jobs.events.subscribe(input, callbacks));
}

export function watchFeed(
  client: TestClient,
  input?: InputOf<TestClient["jobs"]["feed"]>,
): Collected<JobFeedEvent> {
  return new Collected((callbacks) => client.jobs.feed.subscribe(input, callbacks));
}

export function watchWork(
  client: TestClient,
  input: InputOf<TestClient["work"]["watch"]>,
): Collected<WorkWaiting | StreamGap<null>> {
  return new Collected((callbacks) => client.work.watch.subscribe(input, callbacks));
}

export function watchSpools(
  client: TestClient,
  input?: InputOf<TestClient["spools"]["updates"]>,
): Collected<SpoolStreamEvent> {
  return new Collected((callbacks) => client.spools.updates.subscribe(input, callbacks));
}
