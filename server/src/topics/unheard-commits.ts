import type { Commit, Committed, Store } from "../store/store.js";

/** With whether this process hears for the first time that it was made. */
export type Heard<Result extends Committed> = Result & { readonly isNews: boolean };

/** Beyond this the oldest are forgotten. */
const maxUnheard = 10_000;

/**
 * The commits whose answers were lost: they may have been made. Who makes them again under their idempotency key hears of
 * commits that are repeated, and yet new to this process.
 */
export class UnheardCommits {
  readonly #idempotencyKeys = new Set<string>();

  async commit(store: Store, commit: Commit): Promise<Heard<Committed>> {
    const { idempotencyKey: key } = commit;
    if (key === undefined) return { ...(await store.commit(commit)), isNews: true };
    try {
      const committed = await store.commit(commit);
      const wasUnheard = this.#idempotencyKeys.delete(key);
      return { ...committed, isNews: committed.accepted && (!committed.repeated || wasUnheard) };
    } catch (error) {
      this.#idempotencyKeys.add(key);
      const [oldest] = this.#idempotencyKeys;
      if (this.#idempotencyKeys.size > maxUnheard && oldest !== undefined)
        this.#idempotencyKeys.delete(oldest);
      throw error;
    }
  }
}
