import { setImmediate as settle } from "node:timers/promises";
import fc from "fast-check";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { SimulatedTabs, type SimulatedTab } from "./simulated-tabs.js";

const stepArbitrary = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant("publish"), choice: fc.nat(3) }) },
  { weight: 12, arbitrary: fc.record({ does: fc.constant("deliver"), choice: fc.nat(100) }) },
  { weight: 8, arbitrary: fc.record({ does: fc.constant("read"), choice: fc.nat(100) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("open"), choice: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("leave"), choice: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("kill"), choice: fc.nat(100) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("freeze"), choice: fc.nat(100) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("thaw"), choice: fc.nat(100) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("wait"), choice: fc.nat(100) }) },
);

describe("a tab", () => {
  let all: SimulatedTabs;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    all = new SimulatedTabs();
    return () => vi.useRealTimers();
  });

  test("whose reader stalls is not kept everything for: it reads the rest by itself, then from the leader again", async () => {
    const [leader, stalled] = [all.openTab(), all.openTab()];
    await deliverAll(all);
    all.publish(50);
    await deliverAll(all, leader);
    expect(all.streams).toEqual({ opened: 1, open: 1 });
    await readUntil(all, stalled, 50);
    expect(stalled.ids).toEqual(range(50));
    expect(all.streams).toEqual({ opened: 2, open: 1 });
    all.publish(1);
    await deliverAll(all);
    await readUntil(all, stalled, 51);
    expect(all.streams).toEqual({ opened: 2, open: 1 });
  });

  test("whose leader is frozen without a word leads in its place within five seconds, and gives it back nothing twice", async () => {
    const [frozen, follower, other] = [all.openTab(), all.openTab(), all.openTab()];
    await deliverAll(all);
    expect(all.locks.leader).toBe(frozen);
    frozen.freeze(false);
    all.publish(3);
    await pass(all, 5000);
    for (const tab of [follower, other]) {
      await readUntil(all, tab, 3);
      expect(tab.ids).toEqual(range(3));
    }
    // The connection of the one that is frozen stands; the others need one between them.
    expect(all.streams).toEqual({ opened: 2, open: 2 });
    expect([follower, other]).toContain(all.locks.leader);
    frozen.thaw();
    all.publish(2);
    await pass(all, 1000);
    for (const tab of all.tabs) await readUntil(all, tab, 5);
    expect(all.tabs.map(({ ids }) => ids)).toEqual([range(5), range(5), range(5)]);
    expect(all.streams.open).toBe(1);
    expect(all.locks.leader).not.toBe(frozen);
  });

  test("whose leader is told that it will be frozen leads at once", async () => {
    const [frozen, follower] = [all.openTab(), all.openTab()];
    await deliverAll(all);
    frozen.freeze(true);
    all.publish(3);
    await readUntil(all, follower, 3);
    expect(follower.ids).toEqual(range(3));
    expect(all.streams).toEqual({ opened: 2, open: 1 });
    frozen.thaw();
    await readUntil(all, frozen, 3);
    expect(frozen.ids).toEqual(range(3));
    expect(all.locks.leader).toBe(follower);
    await pass(all, 60_000);
    expect(all.streams.open).toBe(1);
  });

  test("that is first in line and frozen itself keeps nobody waiting when the leader leaves", async () => {
    const [leader, frozen, follower] = [all.openTab(), all.openTab(), all.openTab()];
    await deliverAll(all);
    frozen.freeze(false);
    leader.leave();
    all.publish(2);
    await pass(all, 5000);
    await readUntil(all, follower, 2);
    expect(follower.ids).toEqual(range(2));
    frozen.thaw();
    await readUntil(all, frozen, 2);
    all.publish(1);
    await pass(all, 5000);
    for (const tab of [frozen, follower]) {
      await readUntil(all, tab, 3);
      expect(tab.ids).toEqual(range(3));
    }
    expect(all.streams.open).toBe(1);
  });

  test("leaves a leader in its place that has nothing to say for an hour", async () => {
    const [leader] = [all.openTab(), all.openTab(), all.openTab()];
    await deliverAll(all);
    await pass(all, 3_600_000, 1000);
    expect(all.locks.leader).toBe(leader);
    expect(all.streams).toEqual({ opened: 1, open: 1 });
  });
});

/**
 * Messages come late, those of two tabs in any order, and of a killed tab some never; readers stall; leaders come and
 * go, freeze with and without a word, and say what they had to say when they thaw; several take over at once. Whatever
 * happens, each tab reads all events in order, once each.
 */
test("every tab reads every event once and in order, whoever leads and whatever is lost between tabs", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArbitrary, { minLength: 20, maxLength: 150 }), async (steps) => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      try {
        const all = new SimulatedTabs(0);
        all.openTab();
        for (const { does, choice } of steps) {
          const present = all.tabs.filter(({ isGone }) => !isGone);
          const chosen = present[choice % present.length];
          if (does === "publish") all.publish(choice + 1);
          else if (does === "deliver") all.deliver(choice);
          else if (does === "read") chosen?.read();
          else if (does === "open" && present.length < 5) all.openTab();
          else if (does === "leave") chosen?.leave();
          else if (does === "kill" && chosen) all.kill(chosen, choice);
          else if (does === "freeze") chosen?.freeze(choice % 3 === 0);
          else if (does === "thaw") for (const tab of present) tab.thaw();
          else if (does === "wait") await vi.advanceTimersByTimeAsync(choice * 250);
          await settle();
        }
        for (const tab of all.tabs) tab.thaw();
        all.publish(1);
        all.complete();
        await untilOver(all);
        const whole = Array.from({ length: all.length }, (_, index) => index + 1);
        for (const { ids, isGone } of all.tabs) {
          if (!isGone) expect(ids).toEqual(whole);
          else expect(ids).toEqual(whole.slice(0, ids.length));
        }
      } finally {
        vi.useRealTimers();
      }
    }),
    { numRuns: 300 },
  );
}, 120_000);

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** Time passes, and what is said arrives. */
async function pass(all: SimulatedTabs, durationMs: number, stepMs = 50): Promise<void> {
  for (let passedMs = 0; passedMs < durationMs; passedMs += stepMs) {
    await vi.advanceTimersByTimeAsync(stepMs);
    await deliverAll(all);
  }
}

/** Until nothing is under way to these tabs; the reading tab reads meanwhile. */
async function deliverAll(all: SimulatedTabs, reading?: SimulatedTab, tabs = all.tabs): Promise<void> {
  do {
    reading?.read();
    await settle();
  } while (all.deliver(0, tabs));
}

async function readUntil(
  all: SimulatedTabs,
  tab: SimulatedTab,
  count: number,
  tabs = all.tabs,
): Promise<void> {
  for (let round = 0; tab.ids.length < count && round < 1000; round++) await deliverAll(all, tab, tabs);
}

async function untilOver(all: SimulatedTabs): Promise<void> {
  for (let round = 0; round < 50_000; round++) {
    const waiting = all.tabs.filter(({ isGone, isOver }) => !isGone && !isOver);
    if (waiting.length === 0) return;
    for (const tab of waiting) tab.read();
    await settle();
    if (!all.deliver(round) && round % 20 === 0) await vi.advanceTimersByTimeAsync(25_000);
  }
}
