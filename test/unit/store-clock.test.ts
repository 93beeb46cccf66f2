import { expect, test } from "vitest";
import { LearnedClock } from "../../server/src/store/store-clock.js";

const aheadMs = 40_000;
/** A store whose clock differs from that of this process. */
const storeBehind = (skewMs: number) => async () => Date.now() - skewMs;
/** Within five seconds: a busy machine may stop in the middle of a trip. */
const digits = -4;

test("a clock that is asked nothing yet is this process's own", () => {
  expect(new LearnedClock().skewMs).toBe(0);
});

test("after a change of servers the old clock is kept until the new one has answered", async () => {
  const clock = new LearnedClock();
  await clock.learn(storeBehind(aheadMs));
  clock.forget();
  expect(clock.skewMs).toBeCloseTo(aheadMs, digits);
  await clock.learn(storeBehind(-aheadMs));
  expect(clock.skewMs).toBeCloseTo(-aheadMs, digits);
});

test("a new server that does not answer changes nothing", async () => {
  const clock = new LearnedClock();
  await clock.learn(storeBehind(aheadMs));
  clock.forget();
  await expect(clock.learn(() => Promise.reject(new Error("gone")))).rejects.toThrow("gone");
  expect(clock.skewMs).toBeCloseTo(aheadMs, digits);
});
