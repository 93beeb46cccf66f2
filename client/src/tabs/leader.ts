import { firstAttempt, type ConnectionReport, type ConnectionState } from "../connection-state.js";
import type { StreamItem } from "../sse/resuming-stream.js";
import type { TabGroup, TabState } from "./tab-group.js";

export interface LeaderOptions {
  readonly group: TabGroup;
  readonly cursor: string | null;
  readonly open: (cursor: string | null, connection: ConnectionReport) => AsyncIterable<StreamItem>;
}

/** Reads a stream and tells all tabs of its group. */
export class Leader {
  #cursor: string | null;
  #state: ConnectionState = firstAttempt;

  constructor(private readonly options: LeaderOptions) {
    this.#cursor = options.cursor;
  }

  /** Resolves when the stream is over: complete, or left. Nothing is said once `until` is aborted. */
  async lead(until: AbortSignal): Promise<void> {
    const { group, open } = this.options;
    const connection: ConnectionReport = {
      getSnapshot: () => this.#state,
      set: (state) => {
        this.#state = state;
        if (!until.aborted) this.sayPosition();
      },
    };
    for await (const { id, data } of open(this.#cursor, connection)) {
      if (until.aborted) return;
      // Where the stream begins is said by its position.
      if (data !== null) group.send({ kind: "item", previous: this.#cursor, id, data });
      this.#cursor = id ?? this.#cursor;
    }
  }

  sayPosition(): void {
    this.options.group.send({ kind: "position", cursor: this.#cursor, state: tabStateOf(this.#state) });
  }

  sayEnd(): void {
    this.options.group.send({ kind: "end", previous: this.#cursor });
  }
}

function tabStateOf({ lastError, ...state }: ConnectionState): TabState {
  const error = lastError && { message: lastError.message, shape: lastError.shape };
  return { ...state, error };
}
