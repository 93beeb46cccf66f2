import { wholeEnd } from "../whole-end.js";

/** Beyond this a line is not waited for. */
const maxLineLength = 65_536;

/** Gives text out in whole lines, however it comes in. */
export class LineJoiner {
  #rest = "";

  /** @returns the whole lines that there are now, with their ends; of a line that is too long what there is of it. */
  take(text: string): string {
    const all = this.#rest + text;
    const linesEnd = all.lastIndexOf("\n") + 1;
    const end = all.length - linesEnd <= maxLineLength ? linesEnd : wholeEnd(all, all.length);
    this.#rest = all.slice(end);
    return all.slice(0, end);
  }

  /** @returns what is left of a line. */
  end(): string {
    const rest = this.#rest;
    this.#rest = "";
    return rest;
  }
}
