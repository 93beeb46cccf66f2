import type { StageRow } from "../course/stage-rows.js";
import { plainTextOf } from "./ansi.js";
import type { OutputText } from "./output-text.js";

/** Shorter ones stand in any message by accident. */
const minLength = 4;
/** Of the end of the stage; what a program says of its failure is there. */
const searchedLines = 20_000;
const searchedMessage = 4000;
const leadingMarks = /^[^\p{L}\p{N}]+/u;

/**
 * The line at which to look first: the longest one of the failed stage that its message quotes, else the last one on stderr,
 * else the last one.
 */
export function findFailingLine(output: OutputText, row: StageRow | null, message: string): number | null {
  const isQuoted = (text: string) => message.slice(0, searchedMessage).includes(text);
  const isOfStage = (index: number) => {
    const part = output.partOf(index);
    return !row || (part?.stage === row.stage && part.attempt === row.attempt);
  };
  let best: { readonly index: number; readonly length: number } | null = null;
  let lastOfErrors: number | null = null;
  let last: number | null = null;
  const from = Math.max(0, output.lineCount - searchedLines);
  for (let index = output.lineCount - 1; index >= from; index--) {
    // Marks such as `×` stand before it, and not always in the message.
    const text = plainTextOf(output.line(index)).replace(leadingMarks, "").trim();
    if (text === "" || !isOfStage(index)) continue;
    last ??= index;
    if (output.partOf(index)?.stream === "stderr") lastOfErrors ??= index;
    // Of lines that say the same the first is meant.
    if (text.length >= minLength && text.length >= (best?.length ?? 0) && isQuoted(text))
      best = { index, length: text.length };
  }
  return best?.index ?? lastOfErrors ?? last;
}
