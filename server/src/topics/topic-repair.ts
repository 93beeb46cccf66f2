import type { StateRecord } from "../store/store.js";
import type { ReadableEntries } from "./readable-entries.js";
import { expectationOfListing, searchField } from "./topic-record.js";
import type { TopicLog } from "./topic-log.js";

const pauseMs = 5000;

/**
 * Lists states again that no index names any more, because the store has evicted it or somebody has deleted it. It reads every
 * state there is, so it is done only when an index is known to be lost.
 */
export class TopicRepair<State> implements AsyncDisposable {
  readonly #aborting = new AbortController();
  #running: Promise<void> | undefined;
  #mayRunAt = 0;

  constructor(
    private readonly log: TopicLog<State>,
    private readonly entries: ReadableEntries,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** What is asked for meanwhile, or right after one, is asked for again by whoever finds the index still lost. */
  request(): void {
    if (this.#running || performance.now() < this.#mayRunAt) return;
    this.#running = this.#mend()
      .catch(this.onError)
      .finally(() => {
        this.#running = undefined;
        this.#mayRunAt = performance.now() + pauseMs;
      });
  }

  /** For the first look at a store: when nothing is listed, either there is nothing or all of it was lost. */
  async begin(): Promise<void> {
    const { store, allIndexes } = this.log.options;
    const counts = await store.countStates(this.log.scope, allIndexes);
    if (Object.values(counts).every((count) => count === 0)) await this.#mend();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#aborting.abort();
    await this.#running;
  }

  async #mend(): Promise<void> {
    const { store } = this.log.options;
    const { signal } = this.#aborting;
    const indexes = new Set<string>();
    for await (const { scope, key, state } of store.scanStates({ scope: this.log.scope, key: "" })) {
      if (signal.aborted) return;
      if (scope !== this.log.scope) continue;
      for (const index of await this.#listAgain(key, state)) indexes.add(index);
    }
    // Of a list that is whole only in part no count says that it is exact.
    if (!signal.aborted) await store.recount(this.log.scope, indexes);
  }

  /**
   * Others may change it meanwhile, and a change lists only what it moves: it is listed as it is then.
   * @returns the indexes that list it now.
   */
  async #listAgain(key: string, found: StateRecord): Promise<readonly string[]> {
    let state: StateRecord | null = found;
    while (state && !this.#aborting.signal.aborted) {
      const known: StateRecord = state;
      const record = this.entries.stateOrNull(key, () => this.log.recordOf(key, known));
      if (!record) return [];
      const committed = await this.log.options.store.commit({
        scope: this.log.scope,
        state: {
          key,
          expect: expectationOfListing(known),
          set: {},
          index: record.listed,
          listedText: searchField,
          due: record.dueMs,
        },
        events: [],
      });
      if (committed.accepted) return record.listed;
      state = committed.state;
    }
    return [];
  }
}
