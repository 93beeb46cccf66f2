import { tellListeners } from "../tell-listeners.js";
import type { StreamConnection } from "./stream-connection.js";

/** One subscription and the state that its events make. Pure but for `open`. */
export interface StreamSource<State, Item> {
  reduce(state: State, items: readonly Item[]): State;
  /** Begins to fill the sink. What it returns stops that: nothing reaches the sink afterwards. */
  open(sink: StreamSink<Item>): () => void;
}

export interface StreamSink<Item> {
  push(item: Item): void;
  connect(connection: StreamConnection): void;
}

/** What is read of a stream. A new object only when something has changed. */
export interface StreamSnapshot<State> {
  readonly state: State;
  readonly connection: StreamConnection;
}

export interface SharedStreamOptions<State> {
  readonly initial: StreamSnapshot<State>;
  /** Whether there is something to show. */
  readonly isKnown: (state: State) => boolean;
  /** A stream that is live and has brought nothing for so long has nothing; left out: something always comes. */
  readonly quietMs?: number;
  readonly onConnection: () => void;
  /** Nobody has watched it for `lingerMs`, and it is closed. */
  readonly onClosed: () => void;
}

/** As React marks the promises that it has waited for. */
type Readiness = Promise<void> & { status?: "fulfilled"; value?: undefined };

/** So long a stream outlives its last watcher: StrictMode mounts twice, and a router may come right back. */
const lingerMs = 500;

/** So long it is open for who has asked for it and does not watch it yet. */
const heldMs = 5000;

/** So long at most something is waited for that does not come. */
const maxWaitMs = 60_000;

/** Snapshots follow each other no faster than this, however many events arrive. */
const publishIntervalMs = 32;

/** A page in the background has slow timers: past this the items are taken in without waiting for one. */
const maxWaitingItems = 1000;

/** One stream, however many watch it: open while somebody does. */
export class SharedStream<State, Item> {
  readonly #source: StreamSource<State, Item>;
  readonly #options: SharedStreamOptions<State>;
  readonly #listeners = new Set<() => void>();
  #snapshot: StreamSnapshot<State>;
  #waiting: Item[] = [];
  #connection: StreamConnection;
  #publishedAtMs = Number.NEGATIVE_INFINITY;
  #publishing: ReturnType<typeof setTimeout> | undefined;
  #closing: ReturnType<typeof setTimeout> | undefined;
  #stop: (() => void) | undefined;
  #ready: Readiness | undefined;
  #isQuiet = false;
  #becomingQuiet: ReturnType<typeof setTimeout> | undefined;

  constructor(source: StreamSource<State, Item>, options: SharedStreamOptions<State>) {
    this.#source = source;
    this.#options = options;
    this.#snapshot = options.initial;
    this.#connection = options.initial.connection;
  }

  get snapshot(): StreamSnapshot<State> {
    return this.#snapshot;
  }

  subscribe(listener: () => void): () => void {
    // Wrapped: the same function given twice is two watchers.
    const watcher = () => listener();
    clearTimeout(this.#closing);
    this.#listeners.add(watcher);
    this.#stop ??= this.#open();
    return () => {
      if (this.#listeners.delete(watcher) && this.#listeners.size === 0) {
        this.#closing = setTimeout(() => this.close(), lingerMs);
      }
    };
  }

  /** Opens it for who is about to watch it. */
  hold(): void {
    setTimeout(
      this.subscribe(() => {}),
      heldMs,
    );
  }

  /**
   * Opens it. Resolves when there is something to show, or nothing is to be expected; the same promise as long as that is so.
   * Its `status` is that of React's promises, which are not waited for when it says `fulfilled`.
   */
  ready(): Promise<void> {
    if (!this.#ready || (this.#ready.status === "fulfilled" && !this.isReady)) {
      this.#ready = this.isReady ? fulfil(Promise.resolve()) : this.#becomeReady();
    }
    return this.#ready;
  }

  get isReady(): boolean {
    const { state, connection } = this.#snapshot;
    return this.#isQuiet || connection.state === "failed" || this.#options.isKnown(state);
  }

  #becomeReady(): Readiness {
    const becoming: Readiness = new Promise((resolve) => {
      const settle = () => {
        clearTimeout(bound);
        this.hold();
        release();
        void fulfil(becoming);
        resolve();
      };
      const bound = setTimeout(settle, maxWaitMs);
      const release = this.subscribe(() => {
        if (this.isReady) settle();
      });
    });
    return becoming;
  }

  /** Begins anew, from nothing. */
  reopen(): void {
    this.#end();
    this.#snapshot = this.#options.initial;
    this.#stop = this.#open();
    this.#notify();
    this.#options.onConnection();
  }

  close(): void {
    clearTimeout(this.#closing);
    this.#end();
    this.#options.onClosed();
  }

  #open(): () => void {
    return this.#source.open({
      push: (item) => {
        this.#waiting.push(item);
        if (this.#waiting.length >= maxWaitingItems) this.#publish();
        else this.#schedule();
      },
      connect: (connection) => {
        this.#connection = connection;
        this.#schedule();
        const { quietMs } = this.#options;
        if (connection.state === "live" && quietMs !== undefined)
          this.#becomingQuiet ??= setTimeout(() => this.#becomeQuiet(), quietMs);
      },
    });
  }

  #end(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#waiting = [];
    this.#connection = this.#options.initial.connection;
    clearTimeout(this.#publishing);
    this.#publishing = undefined;
    clearTimeout(this.#becomingQuiet);
    this.#becomingQuiet = undefined;
    this.#isQuiet = false;
  }

  #becomeQuiet(): void {
    this.#isQuiet = true;
    this.#notify();
  }

  #schedule(): void {
    const pauseMs = Math.max(0, this.#publishedAtMs + publishIntervalMs - performance.now());
    this.#publishing ??= setTimeout(() => this.#publish(), pauseMs);
  }

  #publish(): void {
    clearTimeout(this.#publishing);
    this.#publishing = undefined;
    this.#publishedAtMs = performance.now();
    const items = this.#waiting;
    this.#waiting = [];
    const { state, connection } = this.#snapshot;
    this.#snapshot = {
      state: items.length === 0 ? state : this.#source.reduce(state, items),
      connection: this.#connection,
    };
    this.#notify();
    if (connection !== this.#connection) this.#options.onConnection();
  }

  #notify(): void {
    tellListeners(this.#listeners);
  }
}

function fulfil(promise: Readiness): Readiness {
  return Object.assign(promise, { status: "fulfilled", value: undefined } as const);
}
