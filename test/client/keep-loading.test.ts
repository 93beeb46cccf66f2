import { expect, onTestFinished, test, vi } from "vitest";
import { readJobFeed, type JobFeedItem } from "../../client/src/live/job-feed-reader.js";
import { keepLoading, type Load } from "../../client/src/live/keep-loading.js";

/** One that nobody answers, and then one that is answered. */
function answeredSecond<Loaded>(loaded: Loaded) {
  const signals: AbortSignal[] = [];
  const load: Load<Loaded> = (signal) => {
    signals.push(signal);
    return signals.length === 1 ? new Promise<Loaded>(() => {}) : Promise.resolve(loaded);
  };
  return { load, signals };
}

function useFakeTimers() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
}

test("a call that nobody answers is given up after half a minute, and made again", async () => {
  useFakeTimers();
  const { load, signals } = answeredSecond("there");
  const loaded = keepLoading(load, new AbortController().signal);
  await vi.advanceTimersByTimeAsync(29_999);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  await vi.advanceTimersByTimeAsync(1);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  await vi.advanceTimersByTimeAsync(500);
  expect(await loaded).toBe("there");
});

test("a call that nobody answers ends at once with who waits for it", async () => {
  const { load, signals } = answeredSecond("there");
  const leaving = new AbortController();
  const loaded = keepLoading(load, leaving.signal);
  leaving.abort();
  expect(await loaded).toBeNull();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
});

test("a page of jobs is such a call", async () => {
  useFakeTimers();
  const { load, signals } = answeredSecond({ items: [], nextCursor: null });
  const pushed: JobFeedItem[] = [];
  const stop = readJobFeed(
    {
      subscribe: ({ onConnectionStateChange }) => {
        onConnectionStateChange({ state: "pending", error: null });
        return { unsubscribe() {} };
      },
      list: (_, signal) => load(signal),
    },
    { push: (item) => pushed.push(item), connect() {} },
  );
  onTestFinished(stop);
  await vi.advanceTimersByTimeAsync(30_500);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  expect(pushed).toEqual([{ kind: "jobs", jobs: [], isReset: true, loadMore: null }]);
});
