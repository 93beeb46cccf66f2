/** A timer cannot wait longer, in milliseconds: with more it fires at once. */
export const maxTimerMs = 2_147_483_647;

/** For numbers that come from elsewhere: what a timer can wait. What is no number waits not at all. */
export function timerMs(ms: number): number {
  return Math.min(Math.max(0, Number.isNaN(ms) ? 0 : ms), maxTimerMs);
}
