import { plainTextOf } from "./ansi.js";
import type { OutputText } from "./output-text.js";

/** The lines that have the text, among those that were looked at so far. */
export interface OutputMatches {
  readonly query: string;
  readonly searched: number;
  /** Places are those from when so many lines were forgotten. */
  readonly forgotten: number;
  readonly indexes: readonly number[];
}

/** Looks only at what was added since. */
export function searchOutput(before: OutputMatches | null, text: OutputText, query: string): OutputMatches {
  const wanted = query.toLowerCase();
  const forgotten = text.forgottenLines;
  if (wanted === "") return { query, searched: 0, forgotten, indexes: [] };
  // The last line may have grown.
  const known = before?.query === query && before.forgotten === forgotten ? before : null;
  const from = Math.max(0, (known?.searched ?? 0) - 1);
  const found: number[] = [];
  for (let index = from; index < text.lineCount; index++)
    if (plainTextOf(text.line(index)).toLowerCase().includes(wanted)) found.push(index);
  const kept = known?.indexes.filter((index) => index < from) ?? [];
  if (known && found.length === 0 && kept.length === known.indexes.length)
    return { ...known, searched: text.lineCount };
  return { query, searched: text.lineCount, forgotten, indexes: [...kept, ...found] };
}
