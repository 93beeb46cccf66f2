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
  { weight: 1, arbitrary: fc.record({ does: fc.constant("wait"), choice: fc.nat(100) }) },
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

  test("whose leader is put to sleep reads by itself until the leader speaks again", async () => {
    const [leader, follower] = [all.openTab(), all.openTab()];
    await deliverAll(all);
    all.publish(3);
    // The follower hears nothing of what the leader says.
    await deliverAll(all, leader, [leader]);
    await vi.advanceTimersByTimeAsync(20_000);
    await deliverAll(all, leader, [leader]);
    await vi.advanceTimersByTimeAsync(3000);
    await deliverAll(all, follower, [leader]);
    await readUntil(all, follower, 3, [leader]);
    expect(follower.ids).toEqual(range(3));
    expect(all.streams).toEqual({ opened: 2, open: 2 });
    await deliverAll(all, follower);
    all.publish(1);
    await readUntil(all, follower, 4);
    expect(follower.ids).toEqual(range(4));
    expect(all.streams).toEqual({ opened: 2, open: 1 });
  });
});

/**
 * Messages come late, those of two tabs in any order, and of a killed tab some never; readers stall; leaders come and
 * go. Whatever happens, each tab reads all events in order, once each.
 */
test("every tab reads every event once and in order, whoever leads and whatever is lost between tabs", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArbitrary, { minLength: 20, maxLength: 150 }), async (steps) => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      try {
        const all = new SimulatedTabs();
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
          else if (does === "wait") await vi.advanceTimersByTimeAsync(choice * 250);
          await settle();
        }
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
  for (let round = 0; round < 5000; round++) {
    const waiting = all.tabs.filter(({ isGone, isOver }) => !isGone && !isOver);
    if (waiting.length === 0) return;
    for (const tab of waiting) tab.read();
    await settle();
    if (!all.deliver(round) && round % 20 === 0) await vi.advanceTimersByTimeAsync(25_000);
  }
}
