import { AppError } from "../app-error.js";
import { expectWhole } from "../store/whole-numbers.js";

/** Of `openJobwire` or of one topic. */
interface Limits {
  readonly retainMs?: number;
  readonly maxEvents?: number;
  readonly maxBytes?: number;
  readonly coalesceMs?: number;
}

/** A hundred years. */
const maxRetainMs = 3_153_600_000_000;

/** @param whose What the error begins with. @throws RangeError that says which one it is and what it may be. */
export function expectLimits(whose: string, { retainMs, maxEvents, maxBytes, coalesceMs = 0 }: Limits): void {
  expectWhole(`${whose}: retainMs`, retainMs, 1, maxRetainMs);
  expectWhole(`${whose}: maxEvents`, maxEvents, 1);
  expectWhole(`${whose}: maxBytes`, maxBytes, 1);
  if (!(coalesceMs >= 0 && coalesceMs <= 1000))
    throw new RangeError(`${whose}: coalesceMs is ${coalesceMs}; 0 to 1000`);
}

/** What `due` or `expires` of a definition's options says. @throws AppError `EVENT_NOT_APPLICABLE` */
export function expectDate(
  option: "due" | "expires",
  topic: string,
  date: Date | null | undefined,
): Date | null {
  if (!date || !Number.isNaN(date.getTime())) return date ?? null;
  throw new AppError(
    "EVENT_NOT_APPLICABLE",
    `${option} of ${topic} returns an Invalid Date; it is a time, or null for never.`,
  );
}
