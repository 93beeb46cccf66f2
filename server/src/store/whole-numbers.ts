import type { Commit, Retention } from "./store.js";

/** The last moment that a `Date` has. */
const lastMs = 8_640_000_000_000_000;

/** @throws RangeError that says what it is and what it may be; `undefined` is fine. */
export function expectWhole(
  what: string,
  value: number | undefined,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
  throw new RangeError(`${what} is ${value}; it is a whole number from ${least} to ${most}`);
}

/** @throws RangeError */
export function expectRetention({ maxEvents, maxBytes, emptyTopicMs }: Partial<Retention>): void {
  expectWhole("maxEvents", maxEvents, 1);
  expectWhole("maxBytes", maxBytes, 1);
  expectWhole("emptyTopicMs", emptyTopicMs, 1, lastMs);
}

/**
 * JSON has no word for other numbers, and a script would break off at one in the middle of its commit.
 * @throws RangeError
 */
export function expectNumbers({ state, events, retainMs, keep = {} }: Commit): void {
  expectWhole("due", state?.due ?? undefined, -lastMs, lastMs);
  expectWhole("retainMs", retainMs, 0, lastMs);
  for (const { idleMs } of events) expectWhole("idleMs", idleMs, 0, lastMs);
  expectRetention(keep);
}
