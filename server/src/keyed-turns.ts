import { AppError } from "./app-error.js";

/** How long the next one waits for what another one's turn only waits for. */
const patienceMs = 1000;

/** What is done in a turn has it for as long as it does something itself. */
export interface Turn {
  /** Waits for what may want a turn of the same name, which would wait for this one: after a second the next one is let in. */
  lend<Result>(waitedFor: Promise<Result>): Promise<Result>;
}

/**
 * Does what is asked for one name one after the other. While the store is away nobody waits for others to find that out: who
 * comes after a call that was refused for it is refused with it.
 */
export class KeyedTurns {
  /** When the last turn of a name is over, and what it failed with. */
  readonly #last = new Map<string, Promise<unknown>>();

  async run<Result>(name: string, act: (turn: Turn) => Promise<Result>): Promise<Result> {
    const before = this.#last.get(name);
    let letIn = () => {};
    const isLent = new Promise<void>((resolve) => (letIn = resolve));
    const result = (async () => {
      const error = await before;
      if (error instanceof AppError && error.reason === "STORE_UNAVAILABLE") throw error;
      return act({
        async lend(waitedFor) {
          const timer = setTimeout(letIn, patienceMs);
          return waitedFor.finally(() => clearTimeout(timer));
        },
      });
    })();
    const failure = result.then(
      () => null,
      (error: unknown) => error,
    );
    const isOver = Promise.race([isLent, failure]);
    this.#last.set(name, isOver);
    try {
      return await result;
    } finally {
      if (this.#last.get(name) === isOver) this.#last.delete(name);
    }
  }
}
