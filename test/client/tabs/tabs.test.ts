import { setTimeout as paced } from "node:timers/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { findChromium, sharedChromium } from "../../sse/support/chromium.js";
import { startTopicServer, type TopicServer } from "../../sse/support/topic-server.js";
import { eventually } from "../../sse/support/waiting.js";
import { bundleForBrowser } from "../support/bundle.js";
import type { Tab, TabStart } from "./tab-program.js";

/** Real tabs of a real browser, over HTTP/1.1: without sharing, the seventh would get nothing. */

const executablePath = findChromium();
const topic = "board";

describe.skipIf(executablePath === undefined)("tabs that share a stream", () => {
  let browser: Browser;
  let context: BrowserContext;
  let server: TopicServer;
  let program: string;

  beforeAll(async () => {
    [browser, program] = await Promise.all([
      sharedChromium(executablePath ?? ""),
      bundleForBrowser(new URL("tab-program.ts", import.meta.url)),
    ]);
  });
  beforeEach(async () => {
    server = await startTopicServer();
    context = await browser.newContext();
    await context.addInitScript(program);
    return async () => {
      await context.close();
      await server[Symbol.asyncDispose]();
    };
  });

  async function openTab(options: Partial<TabStart> = {}): Promise<Page> {
    const page = await context.newPage();
    await page.goto(`${server.url}/whoami`);
    await page.evaluate(startTab, { input: { topic }, shareAs: "alice", ...options });
    return page;
  }

  async function untilLive(page: Page): Promise<void> {
    await page.waitForFunction(isLive, undefined, { timeout: 20_000 });
  }

  async function publish(count: number): Promise<void> {
    await server.publish(topic, ...Array.from({ length: count }, () => ({ text: "x".repeat(200) })));
  }

  test("twelve are live on one connection, and each gets every event once", { timeout: 60_000 }, async () => {
    const tabs = await Promise.all(Array.from({ length: 12 }, () => openTab()));
    await Promise.all(tabs.map(untilLive));
    for (let burst = 0; burst < 20; burst++) await publish(25);
    for (const tab of tabs) expect(await offsetsOf(tab, 500)).toEqual(range(500));
    await eventually(() => server.sse.connectionCount()).toBe(1);
  });

  test(
    "with the leader killed twenty times in the middle of a burst nothing is lost and nothing doubled",
    { timeout: 120_000 },
    async () => {
      const tabs = await Promise.all(Array.from({ length: 12 }, () => openTab()));
      await Promise.all(tabs.map(untilLive));
      let published = 0;
      async function burst(): Promise<void> {
        for (let round = 0; round < 20; round++, published += 5) {
          await publish(5);
          await paced(5);
        }
      }
      for (let kills = 0; kills < 20; kills++) {
        const leader = await leaderOf(tabs);
        const publishing = burst();
        await (kills % 5 === 4 ? crash(leader) : leader.close());
        tabs.splice(tabs.indexOf(leader), 1);
        // Joins late, and is owed all that was said before.
        tabs.push(await openTab());
        await publishing;
      }
      for (const tab of tabs) expect(await offsetsOf(tab, published)).toEqual(range(published));
      await eventually(() => server.sse.connectionCount()).toBe(1);
    },
  );

  test("one that joins late gets the history once and then what is live", async () => {
    const first = await openTab();
    await untilLive(first);
    await publish(300);
    await offsetsOf(first, 300);
    const late = await openTab();
    expect(await offsetsOf(late, 300)).toEqual(range(300));
    await eventually(() => server.sse.connectionCount()).toBe(1);
    await publish(5);
    expect(await offsetsOf(late, 305)).toEqual(range(305));
    expect(await offsetsOf(first, 305)).toEqual(range(305));
  });

  test.each(["frozen", "blocked"] as const)(
    "a leader that is %s: the others go on without it, and it gets everything once it is back",
    { timeout: 60_000 },
    async (how) => {
      const tabs = await Promise.all(Array.from({ length: 4 }, () => openTab()));
      await Promise.all(tabs.map(untilLive));
      await publish(5);
      for (const tab of tabs) expect(await offsetsOf(tab, 5)).toEqual(range(5));
      const leader = await leaderOf(tabs);
      const others = tabs.filter((tab) => tab !== leader);
      const stopped = stop(leader, how);
      await publish(20);
      for (const tab of others) expect(await offsetsOf(tab, 25)).toEqual(range(25));
      // They have not waited for it to come back.
      expect(stopped.isBack).toBe(false);
      await stopped.back;
      await publish(5);
      for (const tab of tabs) expect(await offsetsOf(tab, 30)).toEqual(range(30));
      await eventually(() => server.sse.connectionCount()).toBe(1);
      expect(await leaderOf(tabs)).not.toBe(leader);
    },
  );

  test("the end of the stream ends it in every tab", async () => {
    const tabs = await Promise.all(Array.from({ length: 4 }, () => openTab()));
    await Promise.all(tabs.map(untilLive));
    await server.publish(topic, {}, { last: true });
    for (const tab of tabs) {
      await tab.waitForFunction(isOver, undefined, { timeout: 20_000 });
      expect(await offsetsOf(tab, 2)).toEqual([1, 2]);
    }
    await eventually(() => server.sse.connectionCount()).toBe(0);
  });

  test("another user's tabs and other subscriptions have streams of their own", async () => {
    const tabs = [
      await openTab(),
      await openTab(),
      await openTab({ shareAs: "bob" }),
      await openTab({ input: { topic: "other" } }),
    ];
    await Promise.all(tabs.map(untilLive));
    await eventually(() => server.sse.connectionCount()).toBe(3);
  });

  test("without Web Locks each has its own stream", async () => {
    await context.addInitScript("delete Navigator.prototype.locks");
    const tabs = [await openTab(), await openTab()];
    await Promise.all(tabs.map(untilLive));
    await eventually(() => server.sse.connectionCount()).toBe(2);
    await publish(3);
    for (const tab of tabs) expect(await offsetsOf(tab, 3)).toEqual(range(3));
  });

  /** The tab whose page holds the lock of the stream. */
  async function leaderOf(tabs: readonly Page[]): Promise<Page> {
    const clientIds = await Promise.all(tabs.map((tab) => tab.evaluate(clientIdOf)));
    for (;;) {
      const holder = await tabs[0]?.evaluate(findHolder);
      const leader = tabs[clientIds.indexOf(holder)];
      if (leader) return leader;
    }
  }
});

/** Makes a page stand still for a while: as browsers freeze a hidden one, which is told, or without a word. */
function stop(page: Page, how: "frozen" | "blocked") {
  const stopped = {
    isBack: false,
    back: page.evaluate(
      block,
      how === "frozen" ? { durationMs: 5000, isTold: true } : { durationMs: 9000, isTold: false },
    ),
  };
  void stopped.back.then(() => (stopped.isBack = true));
  return stopped;
}

async function crash(page: Page): Promise<void> {
  const crashed = page.waitForEvent("crash");
  page.goto("chrome://crash").catch(() => {});
  await crashed;
  await page.close();
}

/** All a tab has received, once it has as much as it is owed. */
async function offsetsOf(page: Page, count: number): Promise<readonly number[]> {
  try {
    await page.waitForFunction(hasCount, count, { timeout: 20_000 });
  } catch {
    // What it has says more than that it waited.
  }
  return page.evaluate(readOffsets);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

// What follows runs in the page.

interface TabPage {
  readonly startTab: (start: TabStart) => void;
  readonly tab: Tab;
  readonly document: EventTarget;
  readonly navigator: {
    readonly locks: {
      query(): Promise<{ readonly held: readonly { readonly name: string; readonly clientId: string }[] }>;
    };
  };
}

function startTab(start: TabStart): void {
  (globalThis as unknown as TabPage).startTab(start);
}

/** What is told is Chromium's page lifecycle, which stops the tasks of a page after this event. */
async function block({ durationMs, isTold }: { durationMs: number; isTold: boolean }): Promise<void> {
  const { document } = globalThis as unknown as TabPage;
  if (isTold) document.dispatchEvent(new Event("freeze"));
  await new Promise((resolve) => setTimeout(resolve));
  const endsAtMs = performance.now() + durationMs;
  while (performance.now() < endsAtMs);
  if (isTold) document.dispatchEvent(new Event("resume"));
}

function isLive(): boolean {
  return (globalThis as unknown as TabPage).tab.state() === "live";
}

function isOver(): boolean {
  return (globalThis as unknown as TabPage).tab.isOver();
}

function hasCount(count: number): boolean {
  return (globalThis as unknown as TabPage).tab.offsets.length >= count;
}

function readOffsets(): readonly number[] {
  return (globalThis as unknown as TabPage).tab.offsets;
}

function clientIdOf(): Promise<string | undefined> {
  return (globalThis as unknown as TabPage).tab.clientId();
}

async function findHolder(): Promise<string | undefined> {
  const { held } = await (globalThis as unknown as TabPage).navigator.locks.query();
  return held.find(({ name }) => name.startsWith("jobwire"))?.clientId;
}
