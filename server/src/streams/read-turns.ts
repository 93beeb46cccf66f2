/**
 * Lets a bounded number of reads be under way; the others wait in line. The one that takes the place of another begins in
 * another turn of the event loop: else one turn could go on for as long as answers come.
 */
export class ReadTurns {
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor(private readonly max: number) {}

  /** The answer is handed on at once: what the store says after it is to come after it. */
  async read<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    if (this.#underWay === this.max) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#underWay += 1;
    try {
      return await ask();
    } finally {
      setImmediate(() => this.#pass());
    }
  }

  #pass(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#underWay -= 1;
  }
}
