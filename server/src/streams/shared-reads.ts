/** Reads that are under way: whoever asks the same meanwhile gets the same answer, or the same error. */
export class SharedReads<Answer> {
  readonly #underWay = new Map<string, Promise<Answer>>();

  read(question: string, ask: () => Promise<Answer>): Promise<Answer> {
    let answer = this.#underWay.get(question);
    if (!answer) {
      answer = ask().finally(() => this.#underWay.delete(question));
      this.#underWay.set(question, answer);
    }
    return answer;
  }
}
