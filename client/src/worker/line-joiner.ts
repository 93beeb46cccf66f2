/** Beyond this a line is not waited for. */
const maxLineLength = 65_536;

/** Gives text out in whole lines, however it comes in. */
export class LineJoiner {
  #rest = "";

  /** @returns the whole lines that there are now, with their ends. */
  take(text: string): string {
    const all = this.#rest + text;
    const end = all.lastIndexOf("\n") + 1;
    this.#rest = all.slice(end);
    if (this.#rest.length <= maxLineLength) return all.slice(0, end);
    this.#rest = "";
    return all;
  }

  /** @returns what is left of a line. */
  end(): string {
    const rest = this.#rest;
    this.#rest = "";
    return rest;
  }
}
