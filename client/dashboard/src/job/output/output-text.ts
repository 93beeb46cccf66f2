import type { JobStatus, OutputStreamEvent } from "@jobwire/shared";
import { readAnsi, type AnsiStyle } from "./ansi.js";

/** Lines that were written together. */
export interface OutputPart {
  /** The first of its lines among those that are held. */
  readonly index: number;
  /** The number of that line in the job's whole output, counted from 1. */
  readonly number: number;
  readonly stage: JobStatus;
  readonly attempt: number;
  readonly stream: "stdout" | "stderr";
  readonly writtenAt: Date;
}

/** What a job's commands have written, by lines, as it comes. It grows in place: a hundred thousand lines are not copied. */
export class OutputText {
  readonly #lines: string[] = [];
  #parts: OutputPart[] = [];
  /** The look in which a line begins, where it is not plain. */
  #styles = new Map<number, AnsiStyle>();
  #characters = 0;
  #forgottenLines = 0;
  /** The number of the last line while it has no end. */
  #openNumber: number | null = null;
  #nextCharacter = 0;
  #longest = 0;

  get lineCount(): number {
    return this.#lines.length;
  }

  /** How many came before the first line that is held, and are no longer kept. */
  get missingLines(): number {
    return (this.#parts[0]?.number ?? 1) - 1;
  }

  /** In characters; at most what a line shows. */
  get longestLine(): number {
    return this.#longest;
  }

  /** How many were held and are not any more: places before were others. */
  get forgottenLines(): number {
    return this.#forgottenLines;
  }

  get parts(): readonly OutputPart[] {
    return this.#parts;
  }

  /** What was there already changes nothing: a stream that is opened again begins anew. */
  append(event: Extract<OutputStreamEvent, { type: "output.appended" }>): void {
    const { stage, attempt, stream, timestamp: writtenAt, text, firstCharacter } = event;
    if (text === "" || firstCharacter < this.#nextCharacter) return;
    this.#nextCharacter = firstCharacter + text.length;
    const number = event.firstLine + 1;
    const lines = text.split("\n");
    const openNumber = event.firstLine + lines.length;
    const goesOn = number === this.#openNumber;
    this.#openNumber = lines.at(-1) === "" ? null : openNumber;
    if (this.#openNumber === null) lines.pop();
    if (goesOn) {
      const last = this.#lines.length - 1;
      this.#lines[last] += lines.shift() ?? "";
      this.#measure(last);
    }
    if (lines.length === 0) return;
    const index = this.#lines.length;
    this.#parts.push({ index, number: goesOn ? number + 1 : number, stage, attempt, stream, writtenAt });
    for (const line of lines) this.#push(line);
    this.#characters += text.length;
    if (this.lineCount > maxLines || this.#characters > maxCharacters)
      this.#forget(Math.ceil(this.lineCount / 4));
  }

  line(index: number): string {
    return this.#lines[index] ?? "";
  }

  styleBefore(index: number): AnsiStyle | null {
    return this.#styles.get(index) ?? null;
  }

  partOf(index: number): OutputPart | null {
    return this.#parts[lastAtOrBefore(this.#parts, (part) => part.index <= index)] ?? null;
  }

  numberOf(index: number): number {
    const part = this.partOf(index);
    return part ? part.number + index - part.index : index + 1;
  }

  /** Where the line with this number is; `null` when it is not held. */
  indexOf(number: number): number | null {
    const part = this.#parts[lastAtOrBefore(this.#parts, (held) => held.number <= number)];
    if (!part) return null;
    const index = part.index + number - part.number;
    return index < this.#lines.length && this.numberOf(index) === number ? index : null;
  }

  /** How many lines had been written by then. */
  countUntil(moment: Date): number {
    const part = this.#parts[lastAtOrBefore(this.#parts, ({ writtenAt }) => writtenAt <= moment) + 1];
    return part ? part.index : this.#lines.length;
  }

  #push(line: string): void {
    const before = this.#styleAfter(this.#lines.length - 1);
    const index = this.#lines.push(line) - 1;
    if (before) this.#styles.set(index, before);
    this.#measure(index);
  }

  /** A job may write for days: what came first goes first. */
  #forget(count: number): void {
    for (const line of this.#lines.splice(0, count)) this.#characters -= line.length + 1;
    this.#forgottenLines += count;
    const first = lastAtOrBefore(this.#parts, ({ index }) => index <= count);
    this.#parts = this.#parts.slice(first).map((part) => {
      const gone = Math.max(0, count - part.index);
      return { ...part, index: part.index + gone - count, number: part.number + gone };
    });
    this.#styles = new Map(
      [...this.#styles].flatMap(([index, style]) => (index < count ? [] : [[index - count, style]])),
    );
  }

  #styleAfter(index: number): AnsiStyle | null {
    const before = this.styleBefore(index);
    const line = this.line(index);
    return line.includes("\u001B") ? readAnsi(line, before).after : before;
  }

  #measure(index: number): void {
    this.#longest = Math.max(this.#longest, Math.min(this.line(index).length, maxShownLength));
  }
}

const maxLines = 200_000;
const maxCharacters = 32_000_000;

/** Of a longer line the beginning is shown. */
export const maxShownLength = 4000;

/** The last place at which `holds` is true, which it is up to there; -1 when nowhere. */
function lastAtOrBefore(parts: readonly OutputPart[], holds: (part: OutputPart) => boolean): number {
  let [low, high] = [0, parts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const part = parts[middle];
    if (part && holds(part)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
