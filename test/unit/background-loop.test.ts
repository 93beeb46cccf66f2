import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startBackgroundLoop } from "../../server/src/background-loop.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** When it has run, in milliseconds from the start. */
function startLoop(run = async (): Promise<void> => {}) {
  const startedAt = performance.now();
  const runs: number[] = [];
  const errors: unknown[] = [];
  const loop = startBackgroundLoop(
    async () => {
      runs.push(performance.now() - startedAt);
      await run();
    },
    { intervalMs: 5000, minIntervalMs: 1000, onError: (error) => errors.push(error) },
  );
  return { loop, runs, errors };
}

function newGate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

test("a loop runs at its interval, the first time after the shortest one", async () => {
  const { loop, runs } = startLoop();
  await vi.advanceTimersByTimeAsync(12_000);
  expect(runs).toEqual([1000, 6000, 11_000]);
  await loop[Symbol.asyncDispose]();
});

test("the earliest of what is asked for counts, however often the loop is asked", async () => {
  const { loop, runs } = startLoop();
  await vi.advanceTimersByTimeAsync(1000);
  for (const ms of [4000, 2500, 3000, 9000]) loop.runWithin(ms);
  await vi.advanceTimersByTimeAsync(8000);
  expect(runs).toEqual([1000, 3500, 8500]);
  await loop[Symbol.asyncDispose]();
});

test("what is asked for at once waits for the shortest interval", async () => {
  const { loop, runs } = startLoop();
  loop.runWithin(0);
  await vi.advanceTimersByTimeAsync(1200);
  loop.runWithin(-50);
  await vi.advanceTimersByTimeAsync(1000);
  expect(runs).toEqual([1000, 2000]);
  await loop[Symbol.asyncDispose]();
});

test("what is asked for during a run comes after it, one run at a time", async () => {
  const gate = newGate();
  const { loop, runs } = startLoop(() => gate.opened);
  await vi.advanceTimersByTimeAsync(1000);
  loop.runWithin(0);
  await vi.advanceTimersByTimeAsync(6000);
  expect(runs).toEqual([1000]);
  gate.open();
  await vi.advanceTimersByTimeAsync(1000);
  expect(runs).toEqual([1000, 8000]);
  await loop[Symbol.asyncDispose]();
});

test("a run that failed is told and tried again after the shortest interval", async () => {
  const { loop, runs, errors } = startLoop(async () => {
    throw new Error("away");
  });
  await vi.advanceTimersByTimeAsync(3000);
  expect(runs).toEqual([1000, 2000, 3000]);
  expect(errors).toHaveLength(3);
  await loop[Symbol.asyncDispose]();
});

test("a loop that is disposed awaits its run and starts none", async () => {
  const gate = newGate();
  const { loop, runs } = startLoop(() => gate.opened);
  await vi.advanceTimersByTimeAsync(1000);
  let isDisposed = false;
  const disposing = loop[Symbol.asyncDispose]().then(() => (isDisposed = true));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(isDisposed).toBe(false);
  gate.open();
  await disposing;
  loop.runWithin(0);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(runs).toEqual([1000]);
});
