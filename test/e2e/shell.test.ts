import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { describeInBrowser } from "./support/browser.js";
import { openShop } from "./support/shop.js";
import { shareShop } from "./support/shared-shop.js";
import { expectNoComplaints, invite } from "./support/visitor.js";

const connectionOf = (page: Page) => page.locator(".connection");

describeInBrowser("signing in and out", (given) => {
  const shared = shareShop(given, { NODE_ENV: "production" });

  test("a second tab is signed in too, and signing out in one is signing out in all; nothing is left in the browser", async () => {
    await using visitor = await invite(given.browser, shared.shop.url, { sub: "nobody", hasCookie: false });
    const first = await visitor.open();
    const waiting = await visitor.open("/spools");
    await waiting.getByLabel("Token").waitFor();
    await first.getByLabel("Token").fill(await shared.shop.token("dave"));
    await first.getByRole("button", { name: "Sign in" }).click();
    await first.getByRole("heading", { name: "No jobs yet" }).waitFor();
    await waiting.getByRole("heading", { name: "Spool board" }).waitFor();
    const second = await visitor.open("/session");
    await second.getByRole("heading", { name: "Session" }).waitFor();
    expect(await second.evaluate(storedForGood)).not.toContain("eyJ");

    await second.getByRole("button", { name: "Sign out" }).click();
    for (const tab of [first, waiting, second]) await tab.getByRole("heading", { name: "Sign in" }).waitFor();
    await first.reload();
    await first.getByRole("heading", { name: "Sign in" }).waitFor();
    expectNoComplaints(visitor);
  });

  test("who is signed in by a cookie signs out, because the server clears it", async () => {
    await using visitor = await invite(given.browser, shared.shop.url, { sub: "erin" });
    const page = await visitor.open();
    await page.getByRole("heading", { name: "No jobs yet" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await visitor.context.cookies()).toEqual([]);
    expectNoComplaints(visitor);
  });

  test("a cookie that goes while the page is open is told in the corner, which is live no more", async () => {
    await using visitor = await invite(given.browser, shared.shop.url, { sub: "erin" });
    const page = await visitor.open();
    await connectionOf(page).getByText("Live").waitFor();
    await visitor.context.clearCookies();
    await connectionOf(page).getByText("Signed out").waitFor();
    await connectionOf(page).getByRole("button", { name: "Sign in again" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expectNoComplaints(visitor, /status of 401/);
  });
});

describeInBrowser("the corner that says how the connection is", (given) => {
  test("does not say “Live” while the store is away, and the clocks of the page stand still", async () => {
    await using shop = await openShop(given.dashboard);
    const { trpc } = await shop.client("alice");
    const { id: jobId } = await trpc.jobs.create.mutate({ title: "Ticking" });
    await (await shop.client("robot", "service")).trpc.jobs.transition.mutate({ jobId, to: "starting" });
    await using visitor = await invite(given.browser, shop.url, { sub: "alice" });
    const page = await visitor.open();
    const time = page.locator(".job-time");
    await time.getByText(/^\d+ s$/).waitFor();
    const before = await time.textContent();
    await expect.poll(() => time.textContent()).not.toBe(before);

    shop.cutRedis();
    await connectionOf(page).getByText("Store is away").waitFor();
    const stood = await time.textContent();
    await page.getByRole("button", { name: "New job" }).click();
    await page.getByRole("button", { name: "Create job" }).click();
    await page.getByText("The server cannot reach its store just now").waitFor();
    await page.keyboard.press("Escape");
    expect(await time.textContent()).toBe(stood);

    shop.mendRedis();
    await connectionOf(page).getByText("Live").waitFor();
    await expect.poll(() => time.textContent()).not.toBe(stood);
    expectNoComplaints(visitor, /status of 503/);
  });

  test("says that the browser is offline at once, and counts as caught up only what was missed", async () => {
    await using shop = await openShop(given.dashboard);
    const { trpc } = await shop.client("alice");
    const robot = (await shop.client("robot", "service")).trpc;
    const { id: jobId } = await trpc.jobs.create.mutate({ title: "Long story" });
    const say = (message: string) =>
      robot.jobs.publish.mutate({
        jobId,
        event: { type: "build.progress", stage: "queued", percent: 1, message },
      });
    for (let count = 0; count < 30; count++) await say(`history ${count}`);
    await using visitor = await invite(given.browser, shop.url, { sub: "alice" });
    const [first, second] = [await visitor.open(`/jobs/${jobId}`), await visitor.open(`/jobs/${jobId}`)];
    for (const page of [first, second]) {
      await page.getByRole("heading", { level: 1, name: "Long story" }).waitFor();
      await connectionOf(page).getByText("Live", { exact: true }).waitFor();
      expect(await connectionOf(page).textContent()).toBe("Live");
    }
    await first.close();
    await connectionOf(second).getByText(/^Live/).waitFor();
    await visitor.context.setOffline(true);
    await connectionOf(second)
      .getByText(/^Offline since/)
      .waitFor();
    await say("missed");
    await visitor.context.setOffline(false);
    await connectionOf(second)
      .getByText(/^Live, (caught up 1 event|nothing missed)$/)
      .waitFor();
    expectNoComplaints(visitor);
  });
});

describeInBrowser("what is around the pages", (given) => {
  const shared = shareShop(given);

  test("an unknown address says so within the page", async () => {
    await using visitor = await invite(given.browser, shared.shop.url, { sub: "lost" });
    const page = await visitor.open("/no/such/page");
    await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
    await page.getByRole("main").getByRole("link", { name: "All jobs" }).click();
    await page.getByRole("heading", { name: "No jobs yet" }).waitFor();
    expectNoComplaints(visitor, /status of 404/);
  });

  test("the bell has exports and messages, also after a reload; the tab's icon shows how the job is", async () => {
    const { trpc } = await shared.shop.client("listener");
    const robot = (await shared.shop.client("robot", "service")).trpc;
    const { id: jobId } = await trpc.jobs.create.mutate({ title: "Exported" });
    await using visitor = await invite(given.browser, shared.shop.url, { sub: "listener" });
    const page = await visitor.open(`/jobs/${jobId}`);
    await page.getByRole("heading", { level: 1, name: "Exported" }).waitFor();
    const iconOf = () => page.locator('link[rel="icon"]').getAttribute("href");
    await expect.poll(iconOf).toMatch(/waiting/);
    await robot.jobs.transition.mutate({ jobId, to: "failed" });
    await expect.poll(iconOf).toMatch(/failed/);
    await expect.poll(() => page.title()).toBe("✗ Exported · Jobwire");
    await trpc.tasks.start.mutate({ kind: "export-events", input: { jobId } });
    // More than a browser lets a page keep.
    for (let count = 0; count < 7; count++)
      await robot.sessions.send.mutate({ name: "cargo", data: "x".repeat(900_000) });
    await robot.sessions.send.mutate({ name: "harbour.closed", data: "at six" });
    const bell = page.getByRole("button", { name: /^Notices/ });
    await page.getByRole("button", { name: "Notices, 9 new" }).click();
    const panel = page.getByRole("dialog", { name: "Notices" });
    await panel.getByText("at six").waitFor();
    await panel.getByRole("button", { name: "Download" }).waitFor();
    await page.reload();
    await bell.click();
    await panel.getByText("at six").waitFor();
    await panel.getByText("Export of a job's events").waitFor();
    expectNoComplaints(visitor);
  });

  test("who asks for it by a click is told when a job ends, while nobody looks at the page", async () => {
    const { trpc } = await shared.shop.client("sleeper");
    const robot = (await shared.shop.client("robot", "service")).trpc;
    const { id: jobId } = await trpc.jobs.create.mutate({ title: "Overnight" });
    await using visitor = await invite(given.browser, shared.shop.url, { sub: "sleeper" });
    await visitor.context.grantPermissions(["notifications"], { origin: shared.shop.url });
    await visitor.context.addInitScript(recordNotifications);
    const page = await visitor.open(`/jobs/${jobId}`);
    await page.getByRole("button", { name: /^Notices/ }).click();
    await page.getByLabel("Tell me when this job ends").check();
    await page.evaluate(hide);
    await robot.jobs.transition.mutate({ jobId, to: "failed", message: "no wind\nat all" });
    await expect
      .poll(() => page.evaluate(recorded), { timeout: 15_000 })
      .toEqual(["Overnight: Build failed | no wind"]);
    expectNoComplaints(visitor);
  });

  test("on a phone the user's name is there, and a new version takes one line", async () => {
    const robot = (await shared.shop.client("robot", "service")).trpc;
    await using visitor = await invite(given.browser, shared.shop.url, {
      sub: "walker",
      viewport: { width: 390, height: 740 },
    });
    const page = await visitor.open();
    await page.getByText("walker", { exact: true }).waitFor();
    await robot.versions.announce.mutate({ version: "9.0.0", changelog: "Much is new. ".repeat(12) });
    await page.getByText("Version 9.0.0 is out.").waitFor();
    const box = await page.locator(".version-banner").boundingBox();
    expect(box?.height).toBeLessThan(60);
    expect(box?.width).toBeGreaterThan(370);
    await page.getByRole("button", { name: "Later" }).click();
    expectNoComplaints(visitor);
  });

  test("where the browser takes colours away, the states keep their forms", async () => {
    const { trpc } = await shared.shop.client("contrast");
    await trpc.jobs.create.mutate({ title: "Plain" });
    await using visitor = await invite(given.browser, shared.shop.url, {
      sub: "contrast",
      forcedColors: "active",
    });
    const page = await visitor.open();
    await connectionOf(page).getByText("Live").waitFor();
    const borderOf = (selector: string) => page.locator(selector).first().evaluate(borderStyle);
    expect(await borderOf(".connection-light")).toBe("solid");
    expect(await borderOf(".stretch[data-state=to-come]")).toBe("dotted");
    expect(await page.locator("label.chip").first().evaluate(outlineStyle)).toBe("solid");
    expectNoComplaints(visitor);
  });
});

// What follows runs in the page.

interface PageGlobals {
  readonly localStorage: object;
  readonly document: EventTarget;
  Notification: unknown;
  shown: string[];
  getComputedStyle(element: unknown): { readonly borderTopStyle: string; readonly outlineStyle: string };
}

function storedForGood(): string {
  return JSON.stringify((globalThis as unknown as PageGlobals).localStorage);
}

function recordNotifications(): void {
  const page = globalThis as unknown as PageGlobals;
  page.shown = [];
  page.Notification = class {
    static requestPermission = async () => "granted";
    addEventListener(): void {}
    constructor(title: string, { body }: { body: string }) {
      page.shown.push(`${title} | ${body}`);
    }
  };
}

function recorded(): readonly string[] {
  return (globalThis as unknown as PageGlobals).shown;
}

function hide(): void {
  const { document } = globalThis as unknown as PageGlobals;
  Object.defineProperty(document, "visibilityState", { value: "hidden" });
  Object.defineProperty(document, "hidden", { value: true });
  document.dispatchEvent(new Event("visibilitychange"));
}

function borderStyle(element: unknown): string {
  return (globalThis as unknown as PageGlobals).getComputedStyle(element).borderTopStyle;
}

function outlineStyle(element: unknown): string {
  return (globalThis as unknown as PageGlobals).getComputedStyle(element).outlineStyle;
}
