import type { StatePage, StateRecord } from "./store/store.js";

/** Records tell of at most so many keys each. */
const maxTold = 10_000;

/**
 * Reads what the store holds. A record that cannot be read, damaged or written by something else, is left out of lists and
 * searches: it makes none of them fail. It is told of once.
 */
export class DamagedRecords {
  readonly #told = new Set<string>();

  constructor(private readonly onDamaged: (key: string, error: unknown) => void) {}

  /** @returns `null` when it cannot be read. */
  read<Value>(key: string, state: StateRecord, read: (state: StateRecord) => Value): Value | null {
    try {
      return read(state);
    } catch (error) {
      this.tell(key, error);
      return null;
    }
  }

  /** Once for each. */
  tell(key: string, error?: unknown): void {
    if (this.#told.has(key) || this.#told.size >= maxTold) return;
    this.#told.add(key);
    this.onDamaged(key, error);
  }

  /** Those that can be read, in their order. */
  readAll<Value>(items: StatePage["items"], read: (state: StateRecord) => Value): Value[] {
    return items.flatMap(({ key, state }) => this.read(key, state, read) ?? []);
  }
}
