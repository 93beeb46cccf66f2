import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { LeaderWatch } from "../../../client/src/tabs/leader-watch.js";

describe("a tab that watches its leader", () => {
  const ask = vi.fn<() => void>();
  const onSilence = vi.fn<(times: number) => void>();
  let watch: LeaderWatch;

  beforeEach(() => {
    vi.useFakeTimers();
    ask.mockReset();
    onSilence.mockReset();
    watch = new LeaderWatch({ ask, onSilence });
    onTestFinished(() => {
      watch.stop();
      expect(vi.getTimerCount()).toBe(0);
      vi.useRealTimers();
    });
  });

  test.each([0, 0.5, 0.999])("notices its silence within five seconds (chance %d)", (chance) => {
    vi.spyOn(Math, "random").mockReturnValue(chance);
    onTestFinished(() => void vi.restoreAllMocks());
    watch.heard();
    vi.advanceTimersByTime(5000);
    expect(onSilence.mock.calls[0]).toEqual([1]);
    vi.advanceTimersByTime(5000);
    expect(onSilence.mock.calls[1]).toEqual([2]);
  });

  test("also when another tab has asked and says nothing more", () => {
    watch.heard();
    vi.advanceTimersByTime(999);
    watch.heardQuestion();
    // That one asks again and again, and its timers are slow.
    for (let passedMs = 0; passedMs < 3200; passedMs += 100) {
      vi.advanceTimersByTime(100);
      watch.heardQuestion();
    }
    expect(ask).toHaveBeenCalledTimes(1);
    expect(onSilence).not.toHaveBeenCalled();
    vi.advanceTimersByTime(50);
    expect(onSilence).toHaveBeenCalledTimes(1);
  });

  test("leaves the question to a tab that has asked already", () => {
    watch.heard();
    vi.advanceTimersByTime(900);
    watch.heardQuestion();
    vi.advanceTimersByTime(1000);
    watch.heard();
    expect(ask).not.toHaveBeenCalled();
  });

  test("lets what came while it was asleep be heard first", () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    onTestFinished(() => void vi.restoreAllMocks());
    watch.heard();
    vi.advanceTimersByTime(1000);
    expect(ask).toHaveBeenCalledTimes(1);
    // The timer goes off late, before the answer that has been lying there.
    vi.advanceTimersByTime(1500);
    watch.heard();
    vi.advanceTimersByTime(900);
    expect(onSilence).not.toHaveBeenCalled();
  });

  test("asks seldom once there seems to be nobody", () => {
    watch.ask();
    vi.advanceTimersByTime(600_000);
    expect(ask.mock.calls.length).toBeLessThan(40);
    watch.heard();
    onSilence.mockReset();
    vi.advanceTimersByTime(5000);
    expect(onSilence.mock.calls[0]).toEqual([1]);
  });
});
