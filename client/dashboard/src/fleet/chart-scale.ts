/** A figure at a time; `null` where it is not known. */
export interface Point {
  readonly at: Date;
  readonly value: number | null;
}

/** In milliseconds, as dates have them. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const minuteMs = 60_000;
const spansMs = [5, 15, 30, 60].map((minutes) => minutes * minuteMs);

/** Up to the newest point, and as far back as is needed: 5 to 60 minutes. */
export function spanOf(points: readonly Point[]): Span {
  const to = points.at(-1)?.at.getTime() ?? Date.now();
  const lengthMs = to - (points[0]?.at.getTime() ?? to);
  return { from: to - (spansMs.find((spanMs) => spanMs >= lengthMs) ?? 60 * minuteMs), to };
}

/** 1, 2 or 5 and noughts, so that halves are round too. */
export function niceCeiling(highest: number): number {
  if (highest <= 1) return 1;
  const unit = 10 ** Math.floor(Math.log10(highest));
  return unit * ([1, 2, 5, 10].find((step) => step * unit >= highest) ?? 10);
}

/** In a field of 100 by 100. What is not known is a hole in the line. */
export function pathsOf(points: readonly Point[], { from, to }: Span, top: number) {
  let line = "";
  let area = "";
  let start: number | null = null;
  let end = 0;
  const close = () => {
    if (start !== null) area += `L${end} 100L${start} 100Z`;
    start = null;
  };
  for (const { at, value } of points) {
    if (value === null) {
      close();
      continue;
    }
    const x = round(((at.getTime() - from) / (to - from)) * 100);
    const step = `${x} ${round(100 - (Math.min(value, top) / top) * 100)}`;
    line += `${start === null ? "M" : "L"}${step}`;
    area += `${start === null ? "M" : "L"}${step}`;
    start ??= x;
    end = x;
  }
  close();
  return { line, area };
}

function round(number: number): number {
  return Math.round(number * 100) / 100;
}
