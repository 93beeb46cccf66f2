import type { ReadableEntries } from "./readable-entries.js";
import { searchField } from "./topic-record.js";
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
    const indexes = new Set<string>();
    for await (const { scope, key, state } of store.scanStates({ scope: this.log.scope, key: "" })) {
      if (this.#aborting.signal.aborted) return;
      if (scope !== this.log.scope) continue;
      const record = this.entries.stateOrNull(key, () => this.log.recordOf(key, state));
      if (!record) continue;
      for (const index of record.listed) indexes.add(index);
      await store.commit({
        scope,
        state: {
          key,
          expect: { revision: [String(record.revision)] },
          set: {},
          index: record.listed,
          listedText: searchField,
          due: record.dueMs,
        },
        events: [],
      });
    }
    await store.recount(this.log.scope, indexes);
  }
}
