import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readRetryAfter, RetrySchedule } from "../../client/src/sse/retry-schedule.js";

const backoff = { baseMs: 1000, capMs: 30_000 };

describe("the times between attempts", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  test("are spread over all of a span that doubles up to its cap", () => {
    const schedule = new RetrySchedule(backoff);
    const chance = vi.spyOn(Math, "random");
    for (const span of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      chance.mockReturnValueOnce(0.5);
      expect(schedule.onFailure(0)).toBe(span / 2);
    }
    chance.mockReturnValueOnce(0);
    expect(schedule.onFailure(0)).toBe(0);
  });

  test("begin anew after a connection that lasted, not after one that broke at once", () => {
    const schedule = new RetrySchedule(backoff);
    vi.spyOn(Math, "random").mockReturnValue(1);
    for (let failure = 0; failure < 4; failure++) schedule.onFailure(0);
    schedule.onLive();
    vi.advanceTimersByTime(4999);
    expect(schedule.onFailure(0)).toBe(16_000);
    schedule.onLive();
    vi.advanceTimersByTime(5000);
    expect(schedule.onFailure(0)).toBe(1000);
    expect(schedule.attempt).toBe(2);
  });

  test("are never shorter than the server asks, nor longer than it may", () => {
    const schedule = new RetrySchedule(backoff);
    vi.spyOn(Math, "random").mockReturnValue(0);
    schedule.onRetry(700);
    expect(schedule.onFailure(0)).toBe(700);
    expect(schedule.onFailure(5000)).toBe(5000);
    expect(schedule.onFailure(86_400_000)).toBe(300_000);
  });

  test("are what `retry:` says after a connection that lasted: servers spread it themselves", () => {
    const schedule = new RetrySchedule(backoff);
    schedule.onRetry(1300);
    schedule.onLive();
    vi.advanceTimersByTime(60_000);
    expect(schedule.onFailure(0)).toBe(1300);
  });
});

test.each([
  [null, 0],
  ["3", 3000],
  ["3600", 300_000],
  ["9999999999", 300_000],
  ["Fri, 01 Jan 2100 00:00:00 GMT", 300_000],
  ["0", 0],
  ["Thu, 01 Jan 1970 00:00:10 GMT", 0],
  ["soon", 0],
  ["-5", 0],
])("Retry-After %j asks for %i ms", (value, ms) => {
  expect(readRetryAfter(value)).toBe(ms);
});

test("Retry-After may be a date", () => {
  const ms = readRetryAfter(new Date(Date.now() + 60_000).toUTCString());
  expect(ms).toBeGreaterThan(55_000);
  expect(ms).toBeLessThanOrEqual(60_000);
});
