import { AppError } from "../app-error.js";
import { FileJournal } from "./file-journal.js";
import { MemoryContents, type Kind } from "./memory-contents.js";
import { MemoryStore } from "./memory-store.js";
import { ownClock } from "./store-clock.js";
import type { Retention, StateKey, Store } from "./store.js";
import { expectRetention } from "./whole-numbers.js";

export interface FileStoreOptions extends Retention {
  /** Made when it is absent. One process at a time. */
  readonly folder: string;
  /** Called once for each change between a disk that takes writes and one that does not. */
  readonly onReachable: (reachable: boolean, error?: unknown) => void;
}

/** How long it waits before a write that failed is tried again. */
const retryMs = 500;

/**
 * In memory, and synced to a folder before anybody hears of it. After a restart, also a killed one, all is there again.
 * @throws Error that says what keeps the folder from being used.
 */
export async function openFileStore(options: FileStoreOptions): Promise<Store> {
  expectRetention(options);
  const journal = await FileJournal.open(options.folder);
  return FileStore.load(journal, options);
}

/**
 * Answers come from memory; none is given before what it says is on disk. Changes that come while a write is under way
 * go together into the next one. While the disk takes no writes all calls are refused; what was not written is tried
 * again, so a refused commit may be made in the end, as with any store that is reached over a network.
 */
class FileStore implements Store {
  readonly clock = ownClock;
  readonly warnings = [];
  readonly #contents: MemoryContents;
  readonly #memory: MemoryStore;
  #changed = new Map<Kind, Set<string>>();
  #unsent: (() => void)[] = [];
  #writing: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isLoaded = false;

  private constructor(
    private readonly journal: FileJournal,
    private readonly options: FileStoreOptions,
  ) {
    this.#contents = new MemoryContents(options, (kind, name) => this.#onChange(kind, name));
    this.#memory = new MemoryStore(options, this.#contents, (send) => this.#unsent.push(send));
  }

  static async load(journal: FileJournal, options: FileStoreOptions): Promise<FileStore> {
    const store = new FileStore(journal, options);
    const ended = await journal.load(store.#contents);
    store.#isLoaded = true;
    for (const { kind, name } of ended) store.#contents.dropLater(kind, name, 0);
    return store;
  }

  get isReachable(): boolean {
    return this.#retry === undefined;
  }

  readonly commit: Store["commit"] = (change) => this.#answer(() => this.#memory.commit(change));
  readonly readState: Store["readState"] = (key) => this.#answer(() => this.#memory.readState(key));
  readonly listStates: Store["listStates"] = (query) => this.#answer(() => this.#memory.listStates(query));
  readonly countListed: Store["countListed"] = (selection) =>
    this.#answer(() => this.#memory.countListed(selection));
  readonly listDue: Store["listDue"] = (query) => this.#answer(() => this.#memory.listDue(query));
  readonly nextDue: Store["nextDue"] = (scope) => this.#answer(() => this.#memory.nextDue(scope));
  readonly countStates: Store["countStates"] = (scope, indexes) =>
    this.#answer(() => this.#memory.countStates(scope, indexes));
  readonly recount: Store["recount"] = () => this.#memory.recount();
  readonly head: Store["head"] = (topic) => this.#answer(() => this.#memory.head(topic));
  readonly replay: Store["replay"] = (topic, after, page) =>
    this.#answer(() => this.#memory.replay(topic, after, page));
  readonly fork: Store["fork"] = (topic, shared) => this.#answer(() => this.#memory.fork(topic, shared));
  readonly listen: Store["listen"] = (topic, listener) => this.#memory.listen(topic, listener);
  readonly ping: Store["ping"] = () => this.#answer(() => this.#memory.ping());

  async *scanStates(beginning: StateKey): ReturnType<MemoryStore["scanStates"]> {
    await this.ping();
    yield* this.#memory.scanStates(beginning);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#retry);
    await this.#written().catch(() => undefined);
    clearTimeout(this.#retry);
    await this.#memory[Symbol.asyncDispose]();
    await this.journal[Symbol.asyncDispose]();
  }

  async #answer<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    if (!this.isReachable) throw this.#refusal();
    const answer = ask();
    await this.#written();
    return answer;
  }

  #onChange(kind: Kind, name: string): void {
    if (!this.#isLoaded) return;
    const names = this.#changed.get(kind) ?? new Set();
    this.#changed.set(kind, names.add(name));
  }

  /** @throws AppError `STORE_UNAVAILABLE` when what has changed up to now could not be written. */
  #written(): Promise<void> {
    return this.#changed.size === 0 ? this.#writing : (this.#next ??= this.#writeNext());
  }

  async #writeNext(): Promise<void> {
    await this.#writing.catch(() => undefined);
    this.#next = undefined;
    this.#writing = this.#write();
    // Whoever waits for it hears of its failure; there may be nobody.
    this.#writing.catch(() => undefined);
    await this.#writing;
  }

  async #write(): Promise<void> {
    if (!this.isReachable) throw this.#refusal();
    try {
      await this.#writeChanged();
    } catch (error) {
      this.#retryLater();
      this.options.onReachable(false, error);
      throw this.#refusal(error);
    }
  }

  async #writeChanged(): Promise<void> {
    const [changed, unsent] = [this.#changed, this.#unsent];
    this.#changed = new Map();
    this.#unsent = [];
    try {
      await this.journal.write(this.#contents, changed);
    } catch (error) {
      this.#unsent = [...unsent, ...this.#unsent];
      for (const [kind, names] of changed) for (const name of names) this.#onChange(kind, name);
      throw error;
    }
    for (const send of unsent) send();
  }

  #retryLater(): void {
    this.#retry = setTimeout(() => {
      this.#writing = this.#tryAgain();
    }, retryMs);
  }

  async #tryAgain(): Promise<void> {
    try {
      await this.journal.reopen();
      await this.#writeChanged();
    } catch {
      return this.#retryLater();
    }
    this.#retry = undefined;
    this.options.onReachable(true);
  }

  #refusal(cause?: unknown): AppError {
    return new AppError("STORE_UNAVAILABLE", "The data folder takes no writes; try again shortly.", {
      cause,
    });
  }
}
