import { AppError } from "../app-error.js";

/**
 * Does what is asked for one name one after the other. While the store is away nobody waits for others to find that out: who
 * comes after a call that was refused for it is refused with it.
 */
export class KeyedTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  async run<Result>(name: string, act: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(name);
    const turn = (async () => {
      await before?.catch((error: unknown) => {
        if (error instanceof AppError && error.reason === "STORE_UNAVAILABLE") throw error;
      });
      return act();
    })();
    this.#last.set(name, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(name) === turn) this.#last.delete(name);
    }
  }
}
