import type { Readable } from "node:stream";
import { stripVTControlCharacters } from "node:util";

/** Follows what a program says and keeps its last lines as plain text. */
export class OutputTail {
  readonly #lines: string[] = [];
  #length = 0;

  constructor(stream: Readable) {
    let rest = "";
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => {
      // What a lone carriage return overwrites was progress: a line of its own.
      const lines = (rest + chunk).split(/\r*\n|\r/);
      rest = lines.pop() ?? "";
      for (const line of lines) this.#add(line);
      if (rest.length < maxLineLength) return;
      this.#add(rest);
      rest = "";
    });
    stream.on("close", () => {
      if (rest !== "") this.#add(rest);
    });
  }

  get text(): string {
    return this.#lines.join("\n").trim();
  }

  #add(raw: string): void {
    const line = stripVTControlCharacters(raw).replace(controlCharacters, "").slice(0, maxLineLength);
    this.#lines.push(line);
    this.#length += line.length + 1;
    while (this.#length > maxLength) this.#length -= (this.#lines.shift()?.length ?? 0) + 1;
  }
}

/** Output and errors of a program together stay below what a job's message may have. */
const maxLength = 7_500;
const maxLineLength = 500;

const controlCharacters = /[^\P{Cc}\t]/gu;
