/** Where a text that is to be cut at `end` can be cut: not between the two halves of a character. */
export function wholeEnd(text: string, end: number): number {
  return /[\uD800-\uDBFF]/.test(text.charAt(end - 1)) ? end - 1 : end;
}
