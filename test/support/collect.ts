import { Inbox as KitInbox } from "@jobwire/client/testing";
import type {
  JobFeedEvent,
  JobStreamEvent,
  OutputStreamEvent,
  SessionStreamEvent,
  SpoolStreamEvent,
  StreamGap,
  WorkWaiting,
} from "@jobwire/shared";
import type { ConnectionState } from "@jobwire/client";
import type { TRPCClientError } from "@trpc/client";
import type { AppRouter } from "@jobwire/server";
import type { TestClient } from "./test-client.js";

const patienceMs = 25_000;

/** The kit's, with more patience: tests run beside each other. */
export class Inbox<Item> extends KitInbox<Item> {
  constructor() {
    super({ timeoutMs: patienceMs });
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
  onConnectionStateChange(state: StreamState): void;
}

export interface StreamState {
  readonly state: string;
  readonly error: CallError | null;
  /** Of `sseLink`. */
  readonly connection?: ConnectionState;
}

/** One subscription and all it has received. */
export class Collected<Event> implements Disposable {
  readonly #inbox = new Inbox<Tracked<Event>>();
  readonly #states = new Inbox<StreamState>();
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

  /** Every state of its connection so far. */
  get states(): readonly StreamState[] {
    return this.#states.items;
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

  /** Resolves once a connection that stood is being made again. */
  async reconnecting(): Promise<void> {
    let hasBeenLive = false;
    await this.#states.until(({ state }) => {
      hasBeenLive ||= state === "pending";
      return hasBeenLive && state === "connecting";
    });
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

export function watchOutput(
  { jobs }: TestClient,
  input: Parameters<TestClient["jobs"]["output"]["subscribe"]>[0],
): Collected<OutputStreamEvent> {
  return new Collected((callbacks) => jobs.output.subscribe(input, callbacks));
}

export function watchSpools(
  client: TestClient,
  input?: InputOf<TestClient["spools"]["updates"]>,
): Collected<SpoolStreamEvent> {
  return new Collected((callbacks) => client.spools.updates.subscribe(input, callbacks));
}

export function watchSession(
  client: TestClient,
  input: InputOf<TestClient["sessions"]["events"]>,
): Collected<SessionStreamEvent> {
  return new Collected((callbacks) => client.sessions.events.subscribe(input, callbacks));
}
