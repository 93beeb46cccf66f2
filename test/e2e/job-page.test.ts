import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { describeInBrowser } from "./support/browser.js";
import { driveJob } from "./support/drive-job.js";
import { expectGoodPage, expectNoOverflow } from "./support/page-checks.js";
import { shareShop } from "./support/shared-shop.js";
import { copyEvents, expectNoComplaints, invite } from "./support/visitor.js";

const keptEvents = 20;

describeInBrowser("the page of a job", (given) => {
  const shared = shareShop(given, { HISTORY_MAX_EVENTS: String(keptEvents) });

  async function visit(sub: string, path: string, viewport = { width: 1280, height: 800 }) {
    const visitor = await invite(given.browser, shared.shop.url, { sub, viewport });
    return {
      visitor,
      page: await visitor.open(path),
      [Symbol.asyncDispose]: () => visitor[Symbol.asyncDispose](),
    };
  }

  test("has its stages and its progress from the job's state, and says how many events are no longer kept", async () => {
    const job = await driveJob(shared.shop, "alice", "Trimmed");
    await job.to("code");
    await job.progress(Array.from({ length: 40 }, (_, index) => index + 1));
    await using visited = await visit("alice", `/jobs/${job.id}`);
    const { page } = visited;
    const stages = page.getByRole("region", { name: "Stages" }).getByRole("listitem");
    await stages.first().waitFor();
    expect(await stages.locator("strong").allTextContents()).toEqual([
      "Queued",
      "Starting",
      "Scaffolding workspace",
      "Writing code",
    ]);
    await page.locator(".job-said").getByText("40 % · at 40 percent").waitFor();
    const kept = await copyEvents(page);
    expect(kept.length).toBeLessThan(47);
    await page.getByText(`${47 - kept.length} earlier events are no longer kept.`).waitFor();

    // The replay knows the stages, too.
    await page.getByRole("slider", { name: /^Replay/ }).press("Home");
    await page.locator(".job-status").getByText("Queued").waitFor();
  });

  test("keeps its shape when the job ends, well or badly: nothing moves", async () => {
    for (const end of ["ready", "failed"] as const) {
      const job = await driveJob(shared.shop, "bob", `Ends ${end}`);
      await job.to("checks");
      await job.progress([50]);
      await using visited = await visit("bob", `/jobs/${job.id}`);
      const { page } = visited;
      await page.locator(".job-said").getByText("50 %").waitFor();
      await page.getByText("Nothing was written yet.").waitFor();
      const before = await placesOf(page);
      await page.evaluate(watchShifts);
      await job.document("# All is well\n\nIndeed.");
      if (end === "ready") await job.to("ready");
      else await job.fail("npm run test failed with exit code 1: it broke\n  at line 2");
      await page.getByRole("button", { name: "Re-run" }).waitFor();
      await page
        .getByRole(end === "ready" ? "region" : "heading", {
          name: end === "ready" ? "Notes" : "Why it failed",
        })
        .waitFor();
      expect(await placesOf(page)).toEqual(before);
      expect(await page.evaluate(readShifts)).toEqual([]);
    }
  });

  test("shows in which stage it failed and on which line, on the screen", async () => {
    const job = await driveJob(shared.shop, "carol", "Berths");
    await job.to("deps");
    await job.write(Array.from({ length: 300 }, (_, index) => `step ${index}\n`).join(""));
    await job.write("\u001B[31m×\u001B[39m src/plan.ts(41,7): error TS2322: not a number\n", {
      stream: "stderr",
    });
    await job.write(Array.from({ length: 50 }, (_, index) => `after ${index}\n`).join(""));
    await job.fail("npm run build failed with exit code 2: src/plan.ts(41,7): error TS2322: not a number");
    await using visited = await visit("carol", `/jobs/${job.id}`);
    const { page } = visited;
    const line = page.locator(".output-line[data-failing=true]");
    await line.waitFor();
    expect(await line.textContent()).toContain("301× src/plan.ts(41,7): error TS2322: not a number");
    const box = await line.boundingBox();
    expect(box && box.y + box.height).toBeLessThan(800);

    const stages = page.getByRole("region", { name: "Stages" }).getByRole("listitem");
    expect(await stages.evaluateAll(readStates)).toEqual([
      "Queued completed",
      "Starting completed",
      "Scaffolding workspace completed",
      "Writing code completed",
      "Installing dependencies failed",
      "Running checks to-come",
      "Build complete! to-come",
    ]);
    expect(await stages.nth(4).locator("strong").evaluate(colorOf)).toBe("rgb(160, 35, 44)");
    await expectGoodPage(page, "failed");
  });

  test.each([1280, 390])(
    "holds long titles without spaces, and writes each in its own direction: %i px",
    async (width) => {
      const long = "x".repeat(200);
      const job = await driveJob(shared.shop, "dave", long);
      const hebrew = await driveJob(shared.shop, "dave", "בנייה של נמל");
      await using visited = await visit("dave", `/jobs/${job.id}`, { width, height: 800 });
      const { page } = visited;
      const heading = page.getByRole("heading", { level: 1 });
      await heading.waitFor();
      await expectNoOverflow(page, "long title");
      expect(await heading.getAttribute("title")).toBe(long);
      await page.goto(`${shared.shop.url}/jobs/${hebrew.id}`);
      await page.getByRole("heading", { level: 1, name: "בנייה של נמל" }).waitFor();
      expect(await heading.evaluate(directionOf)).toBe("rtl");
    },
  );

  test("has each retry as a group: the newest is open, of older ones a row tells until it is opened", async () => {
    const job = await driveJob(shared.shop, "heidi", "Retried");
    await job.to("checks");
    for (const to of ["scaffold", "code"] as const)
      await job.service.jobs.transition.mutate({ jobId: job.id, to, message: "Retry 1 of 1: it broke" });
    await using visited = await visit("heidi", `/jobs/${job.id}`);
    const { page } = visited;
    const first = page.getByRole("button", { name: "Attempt 1" });
    await first.waitFor();
    const rows = page.locator(".waterfall-row:not(.waterfall-attempt)");
    expect(await rows.count()).toBe(5);
    expect(await page.locator(".waterfall-segment").count()).toBe(6);
    expect(await page.locator(".waterfall-segment[data-state=failed]").getAttribute("data-stage")).toBe(
      "checks",
    );
    await first.press("Enter");
    expect(await rows.count()).toBe(11);
    await page.locator(".timeline li").getByText("Retry 1 of 1: it broke").first().waitFor();
  });

  test("that does not exist says so, and is no fault of the connection", async () => {
    await using visited = await visit("erin", "/jobs/no-such-job");
    const { page } = visited;
    await page.getByRole("heading", { name: "There is no such job" }).waitFor();
    await page.locator(".connection").getByText("Live").waitFor();
    expect(await page.getByRole("button", { name: "Try again" }).count()).toBe(0);
  });

  test("has a skeleton until it is known, and words of its own when the server is away", async () => {
    const job = await driveJob(shared.shop, "frank", "Slow");
    await job.to("ready");
    await using visitor = await invite(given.browser, shared.shop.url, { sub: "frank" });
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await visitor.context.route("**/trpc/jobs.get?*", async (route) => {
      await held;
      await route.continue();
    });
    const page = await visitor.open(`/jobs/${job.id}`);
    await page.getByRole("status", { name: "Loading the job" }).waitFor();
    release();
    await page.getByRole("heading", { level: 1, name: "Slow" }).waitFor();
    await visitor.context.route("**/trpc/jobs.rerun*", (route) => route.abort());
    await page.getByRole("button", { name: "Re-run" }).click();
    await page.getByText("The server does not answer. Try again in a moment.").waitFor();
    expectNoComplaints(visitor);
  });

  test("cancels with a reason, runs it again, and removes it in all tabs, after asking", async () => {
    const job = await driveJob(shared.shop, "grace", "Acted on");
    await job.to("code");
    await using visited = await visit("grace", `/jobs/${job.id}`);
    const { page, visitor } = visited;
    await page.getByRole("button", { name: "Cancel", exact: true }).click();
    await page.getByLabel("Reason").fill("wrong branch");
    await expectGoodPage(page, "asking");
    await page.getByRole("button", { name: "Cancel the job" }).click();
    await page.locator(".job-status").getByText("Cancelled").waitFor();
    await page.locator(".job-said").getByText("Cancelled by grace: wrong branch").waitFor();
    expect(await page.locator(".timeline li[data-state=cancelled] strong").textContent()).toBe(
      "Writing code",
    );

    await page.getByRole("button", { name: "Re-run" }).click();
    await page.locator(".job-status").getByText("Queued").waitFor();
    await page.getByRole("link", { name: job.id.slice(-8) }).click();
    await page.locator(".job-status").getByText("Cancelled").waitFor();

    const second = await visitor.open(`/jobs/${job.id}`);
    await second.locator(".job-status").getByText("Cancelled").waitFor();
    await page.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("button", { name: "Keep it" }).click();
    await page.getByRole("button", { name: "Remove", exact: true }).click();
    await page.getByRole("button", { name: "Remove the job" }).click();
    await page.getByRole("link", { name: /^Acted on.*Queued/ }).waitFor();
    await second.getByRole("heading", { name: "There is no such job" }).waitFor();
    expectNoComplaints(visitor);
  });
});

/** Where the parts of the page are, in whole pixels. */
async function placesOf(page: Page): Promise<unknown> {
  return page
    .locator(".job-head, .job-state, .job-facts, .waterfall, .stage-list, .tab-list")
    .evaluateAll(readPlaces);
}

// What follows runs in the page.

interface PageElement {
  readonly className: string;
  readonly dataset: { readonly state?: string };
  querySelector(selector: string): { readonly textContent: string } | null;
  getBoundingClientRect(): { readonly x: number; readonly y: number; readonly width: number };
}

function readPlaces(elements: unknown): unknown {
  return (elements as readonly PageElement[]).map((element) => {
    const { x, y, width } = element.getBoundingClientRect();
    return [element.className, Math.round(x), Math.round(y), Math.round(width)];
  });
}

function readStates(elements: unknown): readonly string[] {
  return (elements as readonly PageElement[]).map(
    (element) =>
      `${element.querySelector(".timeline-stage :first-child, p")?.textContent} ${element.dataset.state}`,
  );
}

function colorOf(element: unknown): string {
  return (globalThis as unknown as { getComputedStyle(of: unknown): { color: string } }).getComputedStyle(
    element,
  ).color;
}

function directionOf(element: unknown): string {
  return (globalThis as unknown as { getComputedStyle(of: unknown): { direction: string } }).getComputedStyle(
    element,
  ).direction;
}

interface Shifts {
  shifts: string[];
  document: { querySelector(selector: string): { getBoundingClientRect(): Rectangle } | null };
}

interface Rectangle {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

interface Shift {
  readonly node: {
    readonly parentElement: { closest(selector: string): unknown; readonly className: string } | null;
  } | null;
  readonly currentRect: Rectangle;
}

/** All but what is on the axis of time, which grows until the end. */
function watchShifts(): void {
  const page = globalThis as unknown as Shifts;
  page.shifts = [];
  /** Chromium 156 names no node where a pseudo-element moves, so that its place has to tell. */
  const isOnAxis = ({ node, currentRect }: Shift) => {
    if (node) return Boolean(node.parentElement?.closest(".waterfall-body"));
    const axis = page.document.querySelector(".waterfall-body")?.getBoundingClientRect();
    if (!axis) return false;
    const { left, right, top, bottom } = currentRect;
    return left >= axis.left && right <= axis.right && top >= axis.top && bottom <= axis.bottom;
  };
  new PerformanceObserver((list) => {
    const entries = list.getEntries() as unknown as readonly { readonly sources: readonly Shift[] }[];
    for (const shift of entries.flatMap(({ sources }) => sources))
      if (!isOnAxis(shift)) page.shifts.push(`in ${shift.node?.parentElement?.className}`);
  }).observe({ type: "layout-shift" as "function" });
}

function readShifts(): string[] {
  return (globalThis as unknown as Shifts).shifts;
}
