import type { StateQuery } from "./store.js";

/** Where the keys of states are listed: under indexes, and by when they are due. */
export class MemoryLists {
  readonly #indexes = new Map<string, Map<string, Set<string>>>();
  /** The other way round: under which indexes a key of a scope is listed. */
  readonly #listed = new Map<string, Map<string, Set<string>>>();
  readonly #due = new Map<string, Map<string, number>>();

  list(scope: string, index: string, key: string): void {
    add(this.#indexes, scope, index, key);
    add(this.#listed, scope, key, index);
  }

  /** An index without keys is none. */
  unlist(scope: string, index: string, key: string): void {
    remove(this.#indexes, scope, index, key);
    remove(this.#listed, scope, key, index);
  }

  indexesOf(scope: string, key: string): string[] {
    return [...(this.#listed.get(scope)?.get(key) ?? [])];
  }

  dueOf(scope: string, key: string): number | null {
    return this.#due.get(scope)?.get(key) ?? null;
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

  nextDue(scope: string): number | null {
    let next: number | null = null;
    for (const dueMs of this.#due.get(scope)?.values() ?? []) if (next === null || dueMs < next) next = dueMs;
    return next;
  }
}

type Sets = Map<string, Map<string, Set<string>>>;

function add(sets: Sets, scope: string, name: string, member: string): void {
  const ofScope = sets.get(scope) ?? new Map<string, Set<string>>();
  sets.set(scope, ofScope.set(name, (ofScope.get(name) ?? new Set<string>()).add(member)));
}

function remove(sets: Sets, scope: string, name: string, member: string): void {
  const ofScope = sets.get(scope);
  const members = ofScope?.get(name);
  if (members?.delete(member) && members.size === 0) ofScope?.delete(name);
  if (ofScope?.size === 0) sets.delete(scope);
}
