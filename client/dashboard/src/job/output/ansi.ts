/** How a part of a line looks, by the eight colours of terminals. */
export interface AnsiStyle {
  readonly color: number | null;
  readonly isBold: boolean;
  readonly isDim: boolean;
  readonly isItalic: boolean;
  readonly isUnderlined: boolean;
}

export interface AnsiSpan {
  readonly text: string;
  /** `null`: as everything else. */
  readonly style: AnsiStyle | null;
}

const plain: AnsiStyle = {
  color: null,
  isBold: false,
  isDim: false,
  isItalic: false,
  isUnderlined: false,
};

/** Colours and the like (`m`), any other sequence, titles and links of windows, and characters that only move the cursor. */
const escapes =
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  /\x1B\[([\d;:]*)m|\x1B\[[\d;:?<=>]*[ -/]*[@-~]|\x1B[\]PX^_][^\x07\x1B]*(?:\x07|\x1B\\)?|\x1B[@-Z\\-_]?|[\x00-\x08\x0B-\x1A\x7F]/g;

/** The text as a person reads it. */
export function plainTextOf(line: string): string {
  const written = lastWritten(line);
  return written.replace(escapes, "");
}

/** A line in parts of one look each, and the look that goes on in the next line. */
export function readAnsi(
  line: string,
  before: AnsiStyle | null,
): { readonly spans: readonly AnsiSpan[]; readonly after: AnsiStyle | null } {
  const text = lastWritten(line);
  const spans: AnsiSpan[] = [];
  let style = before;
  let from = 0;
  const take = (until: number) => {
    if (until > from) spans.push({ text: text.slice(from, until), style });
  };
  for (const { 0: escape, 1: codes, index } of text.matchAll(escapes)) {
    take(index);
    from = index + escape.length;
    if (codes !== undefined) style = applyCodes(style ?? plain, codes);
  }
  take(text.length);
  return { spans, after: style };
}

/** A carriage return writes over what stood there: of a progress bar the last state is left. */
function lastWritten(line: string): string {
  if (!line.includes("\r")) return line;
  const text = line.replace(/\r+$/, "");
  return text.slice(text.lastIndexOf("\r") + 1);
}

function applyCodes(before: AnsiStyle, text: string): AnsiStyle | null {
  const codes = text.split(/[;:]/).map(Number);
  let style = before;
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] ?? 0;
    if (code === 38 || code === 48) {
      const isIndexed = codes[index + 1] === 5;
      const given = codes.slice(index + 2, index + (isIndexed ? 3 : 5));
      if (code === 38) style = withColor(style, isIndexed ? colorOfIndex(given[0] ?? 7) : nearest(given));
      index += isIndexed ? 2 : 4;
    } else style = applyCode(style, code);
  }
  return style === plain ? null : style;
}

function withColor(style: AnsiStyle, color: number | null): AnsiStyle {
  return { ...style, color };
}

function applyCode(style: AnsiStyle, code: number): AnsiStyle {
  if (code >= 30 && code <= 37) return withColor(style, code - 30);
  if (code >= 90 && code <= 97) return withColor(style, code - 90);
  switch (code) {
    case 0:
      return plain;
    case 1:
      return { ...style, isBold: true };
    case 2:
      return { ...style, isDim: true };
    case 3:
      return { ...style, isItalic: true };
    case 4:
      return { ...style, isUnderlined: true };
    case 22:
      return { ...style, isBold: false, isDim: false };
    case 23:
      return { ...style, isItalic: false };
    case 24:
      return { ...style, isUnderlined: false };
    case 39:
      return withColor(style, null);
    default:
      return style;
  }
}

/** Of the 256 colours: 16 named ones, a cube of 6 by 6 by 6, and greys. */
function colorOfIndex(index: number): number {
  if (index < 16) return index % 8;
  if (index >= 232) return 7;
  const place = index - 16;
  return nearest([Math.floor(place / 36), Math.floor(place / 6) % 6, place % 6]);
}

function nearest(rgb: readonly number[]): number {
  const half = Math.max(...rgb, 1) / 2;
  return rgb.reduce((bits, part, index) => (part > half ? bits | (1 << index) : bits), 0);
}
