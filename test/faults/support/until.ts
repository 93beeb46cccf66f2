import { setTimeout as delay } from "node:timers/promises";

const pollMs = 10;

/**
 * Resolves when the check holds. The deadline is there to end a run that hangs, not to measure: machines are slow.
 * @param explain says what was awaited, with what is there instead.
 */
export async function until(
  check: () => boolean | Promise<boolean>,
  explain: () => string,
  deadlineMs = 30_000,
): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`Not within ${deadlineMs} ms: ${explain()}`);
    await delay(pollMs);
  }
}
