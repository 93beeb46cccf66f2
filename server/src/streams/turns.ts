/** Lets a bounded number of tasks run at a time; the others wait in line. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(private readonly max: number) {}

  /** The task is not to reject: whoever waits behind it has nothing to do with that. */
  async run(task: () => Promise<void>): Promise<void> {
    if (this.#running === this.max) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      await task();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
