import { stripVTControlCharacters } from "node:util";
import { wholeEnd } from "../whole-end.js";
import type { OutputStreamName } from "./job-output.js";

const maxLength = 500;

/** Words by which programs say what went wrong; `0 errors` and the like say that nothing did. */
const failure =
  /(^|[^\w-])(\w*error|fail(ed|ure|ing)?|fatal|\w*exception|panic|not ok|expected|cannot find|not found)\b|[✖✗×]\s/i;
const success = /\b(0|no) (errors?|failed|failing|failures?)\b/i;
/** What npm says around a script: its command line before, and that it failed after it. */
const ofNpm = /^(> |npm (err!|error))/i;

/** The first line of a program's output that looks like the reason why it failed; else the last one, of its errors if any. */
export class FailingLine {
  readonly #rest = { stdout: "", stderr: "" };
  #first = "";
  readonly #last = { stdout: "", stderr: "" };

  take(text: string, stream: OutputStreamName): void {
    const lines = (this.#rest[stream] + text).split(/\r*\n|\r/);
    this.#rest[stream] = (lines.pop() ?? "").slice(0, maxLength);
    for (const line of lines) this.#read(line, stream);
  }

  get text(): string {
    for (const stream of ["stdout", "stderr"] as const) {
      this.#read(this.#rest[stream], stream);
      this.#rest[stream] = "";
    }
    return this.#first || this.#last.stderr || this.#last.stdout;
  }

  #read(raw: string, stream: OutputStreamName): void {
    const whole = stripVTControlCharacters(raw.slice(0, 4 * maxLength))
      .replace(/\p{Cc}/gu, " ")
      .trim();
    const line = whole.slice(0, wholeEnd(whole, maxLength));
    if (line === "" || ofNpm.test(line)) return;
    this.#last[stream] = line;
    if (this.#first === "" && failure.test(line) && !success.test(line)) this.#first = line;
  }
}
