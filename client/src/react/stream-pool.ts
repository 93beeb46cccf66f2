import { SharedStream, type StreamSnapshot, type StreamSource } from "./shared-stream.js";
import type { StreamConnection } from "./stream-connection.js";

/** All streams of one kind, one for each input that is watched. */
export class StreamPool<Input, State, Item> {
  readonly #sourceOf: (input: Input) => StreamSource<State, Item>;
  readonly #onConnection: () => void;
  readonly #open = new Map<Input, SharedStream<State, Item>>();
  readonly #initial: StreamSnapshot<State>;

  constructor(
    initial: State,
    sourceOf: (input: Input) => StreamSource<State, Item>,
    onConnection: () => void,
  ) {
    this.#sourceOf = sourceOf;
    this.#onConnection = onConnection;
    this.#initial = { state: initial, connection: { state: "connecting" } };
  }

  get connections(): StreamConnection[] {
    return [...this.#open.values()].map(({ snapshot }) => snapshot.connection);
  }

  /** Opens nothing: a render that React abandons leaves nothing behind. */
  read(input: Input): StreamSnapshot<State> {
    return this.#open.get(input)?.snapshot ?? this.#initial;
  }

  subscribe(input: Input, listener: () => void): () => void {
    return (this.#open.get(input) ?? this.#add(input)).subscribe(listener);
  }

  reopenFailed(): void {
    for (const stream of this.#open.values()) {
      if (stream.snapshot.connection.state === "failed") stream.reopen();
    }
  }

  #add(input: Input): SharedStream<State, Item> {
    const stream = new SharedStream(this.#sourceOf(input), {
      initial: this.#initial,
      onConnection: this.#onConnection,
      onClosed: () => {
        this.#open.delete(input);
        this.#onConnection();
      },
    });
    this.#open.set(input, stream);
    return stream;
  }
}
