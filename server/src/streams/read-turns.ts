/** What is not answered by then waits for the store and not for this process: it keeps nobody else from asking. */
const slowMs = 10;

/**
 * Lets a bounded number of reads be answered at a time; the others wait in line. The one that takes the place of another begins
 * in another turn of the event loop: else one turn could go on for as long as answers come. A store that is far away, or one of
 * its nodes that is stuck, holds a place for 10 ms only.
 */
export class ReadTurns {
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor(private readonly max: number) {}

  /** The answer is handed on at once: what the store says after it is to come after it. */
  async read<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    if (this.#underWay === this.max) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#underWay += 1;
    let hasPlace = true;
    const leave = () => {
      if (hasPlace) this.#pass();
      hasPlace = false;
    };
    const slow = setTimeout(leave, slowMs).unref();
    try {
      return await ask();
    } finally {
      clearTimeout(slow);
      setImmediate(leave);
    }
  }

  #pass(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#underWay -= 1;
  }
}
