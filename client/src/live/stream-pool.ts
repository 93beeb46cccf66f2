import {
  SharedStream,
  type SharedStreamOptions,
  type StreamSnapshot,
  type StreamSource,
} from "./shared-stream.js";
import type { StreamConnection } from "./stream-connection.js";

export interface StreamPoolOptions<Input, State, Item> extends Pick<
  SharedStreamOptions<State>,
  "isKnown" | "quietMs"
> {
  readonly initial: State;
  readonly sourceOf: (input: Input) => StreamSource<State, Item>;
  /** Inputs with one name are one stream. Left out: each is its own name. */
  readonly nameOf?: (input: Input) => unknown;
  /** The connection of a stream has changed, or it is closed. */
  readonly onConnection?: () => void;
  /** There is one more stream. Called when its opening, which may be a part of rendering, is over. */
  readonly onOpened?: () => void;
}

export interface StreamStore<State> {
  readonly subscribe: (listener: () => void) => () => void;
  readonly read: () => StreamSnapshot<State>;
  /** What is known before anything was read. */
  readonly readFirst: () => StreamSnapshot<State>;
}

/** All streams of one kind, one for each input that is watched. */
export class StreamPool<Input, State, Item> {
  /** What is known of a stream that nobody has watched yet. */
  readonly first: StreamSnapshot<State>;
  readonly #options: StreamPoolOptions<Input, State, Item>;
  readonly #open = new Map<unknown, SharedStream<State, Item>>();

  constructor(options: StreamPoolOptions<Input, State, Item>) {
    this.#options = options;
    this.first = { state: options.initial, connection: { state: "connecting" } };
  }

  get connections(): StreamConnection[] {
    return [...this.#open.values()].map(({ snapshot }) => snapshot.connection);
  }

  /** Opens nothing: a render that React abandons leaves nothing behind. */
  read(input: Input): StreamSnapshot<State> {
    return this.#open.get(this.#nameOf(input))?.snapshot ?? this.first;
  }

  /** As React reads it; `null` is a stream that is never opened. The functions may be passed on without their object. */
  storeOf(watched: { readonly input: Input } | null): StreamStore<State> {
    const readFirst = () => this.first;
    if (!watched) return { subscribe: () => () => {}, read: readFirst, readFirst };
    const { input } = watched;
    return {
      subscribe: (listener) => this.subscribe(input, listener),
      read: () => this.read(input),
      readFirst,
    };
  }

  subscribe(input: Input, listener: () => void): () => void {
    return this.#stream(input).subscribe(listener);
  }

  /** Opens it for who is about to watch it. */
  hold(input: Input): void {
    this.#stream(input).hold();
  }

  isReady(input: Input): boolean {
    return this.#open.get(this.#nameOf(input))?.isReady ?? false;
  }

  /** Opens it. Resolves when there is something to show, or nothing is to be expected; the same promise as long as that is so. */
  ready(input: Input): Promise<void> {
    return this.#stream(input).ready();
  }

  /** Opens it again when it has failed. */
  retry(input: Input): void {
    const stream = this.#open.get(this.#nameOf(input));
    if (stream?.snapshot.connection.state === "failed") stream.reopen();
  }

  reopenFailed(): void {
    for (const stream of this.#open.values()) {
      if (stream.snapshot.connection.state === "failed") stream.reopen();
    }
  }

  #nameOf(input: Input): unknown {
    return this.#options.nameOf ? this.#options.nameOf(input) : input;
  }

  #stream(input: Input): SharedStream<State, Item> {
    const name = this.#nameOf(input);
    return this.#open.get(name) ?? this.#add(name, input);
  }

  #add(name: unknown, input: Input): SharedStream<State, Item> {
    const { sourceOf, isKnown, quietMs, onConnection = () => {}, onOpened = () => {} } = this.#options;
    const stream = new SharedStream(sourceOf(input), {
      initial: this.first,
      isKnown,
      ...(quietMs !== undefined && { quietMs }),
      onConnection,
      onClosed: () => {
        this.#open.delete(name);
        onConnection();
      },
    });
    this.#open.set(name, stream);
    queueMicrotask(onOpened);
    return stream;
  }
}
