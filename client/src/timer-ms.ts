/** A timer cannot wait longer: with more it fires at once. */
const maxTimerMs = 2_147_483_647;

/** What a timer is to wait for a number that comes from elsewhere. What is no number waits not at all. */
export function timerMs(ms: number): number {
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(0, ms), maxTimerMs);
}
