import type { StateQuery } from "./store.js";

/** Where the keys of states are listed: under indexes, and by when they are due. */
export class MemoryLists {
  readonly #indexes = new Map<string, Map<string, Set<string>>>();
  readonly #due = new Map<string, Map<string, number>>();

  list(scope: string, index: string, key: string): void {
    const indexes = this.#indexes.get(scope) ?? new Map<string, Set<string>>();
    this.#indexes.set(scope, indexes.set(index, (indexes.get(index) ?? new Set<string>()).add(key)));
  }

  /** An index without keys is none. */
  unlist(scope: string, index: string, key: string): void {
    const indexes = this.#indexes.get(scope);
    const keys = indexes?.get(index);
    if (keys?.delete(key) && keys.size === 0) indexes?.delete(index);
    if (indexes?.size === 0) this.#indexes.delete(scope);
  }

  /** What any of the indexes lists, in the order asked for. */
  keys({ scope, index, from, to, order }: Omit<StateQuery, "limit">): string[] {
    const ofScope = this.#indexes.get(scope);
    const all = new Set([index].flat().flatMap((name) => [...(ofScope?.get(name) ?? [])]));
    const keys = [...all].filter(
      (key) => (from === undefined || key >= from) && (to === undefined || key < to),
    );
    keys.sort();
    return order === "ascending" ? keys : keys.toReversed();
  }

  counts(scope: string): Record<string, number> {
    const indexes = this.#indexes.get(scope) ?? new Map<string, Set<string>>();
    return Object.fromEntries([...indexes].map(([index, keys]) => [index, keys.size]));
  }

  setDue(scope: string, key: string, dueMs: number | null): void {
    const due = this.#due.get(scope) ?? new Map<string, number>();
    if (dueMs === null) due.delete(key);
    else due.set(key, dueMs);
    if (due.size === 0) this.#due.delete(scope);
    else this.#due.set(scope, due);
  }

  /** The longest due first; of those due at once, in the order of their names. */
  due(scope: string, nowMs: number, limit: number): string[] {
    return [...(this.#due.get(scope) ?? [])]
      .filter(([, dueMs]) => dueMs <= nowMs)
      .toSorted(([name, one], [otherName, other]) => one - other || (name < otherName ? -1 : 1))
      .slice(0, limit)
      .map(([key]) => key);
  }
}
