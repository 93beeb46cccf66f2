import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { eventually } from "../sse/support/waiting.js";
import { describeInBrowser } from "./support/browser.js";
import { driveJob } from "./support/drive-job.js";
import { shareShop } from "./support/shared-shop.js";
import { expectNoComplaints, invite } from "./support/visitor.js";

const reducedMotion = "reduce";

describeInBrowser("for those who ask for less motion", (given) => {
  const shared = shareShop(given);

  test("output is followed to its end, and a link to a line leads there", async () => {
    const job = await driveJob(shared.shop, "alice", "Followed");
    await job.to("checks");
    const write = (name: string) =>
      job.write(Array.from({ length: 100 }, (_, index) => `${name} ${index}\n`).join(""));
    await write("first");
    await using visitor = await invite(given.browser, shared.shop.url, { sub: "alice", reducedMotion });
    const page = await visitor.open(`/jobs/${job.id}?tab=output`);
    await page.getByText("first 99").waitFor();
    for (const name of ["second", "third"]) {
      await write(name);
      await page.getByText(`${name} 99`).waitFor();
      await expectScrolledToEnd(page, "Output");
    }

    const linked = await visitor.open(`/jobs/${job.id}?tab=output#L150`);
    await linked.locator(".output-line[data-target=true]").getByText("second 49").waitFor();
    expectNoComplaints(visitor);
  });

  test("the event log is followed to its end", async () => {
    const job = await driveJob(shared.shop, "bob", "Eventful");
    await job.to("code");
    await job.progress(Array.from({ length: 50 }, (_, index) => index));
    await using visitor = await invite(given.browser, shared.shop.url, { sub: "bob", reducedMotion });
    const page = await visitor.open(`/jobs/${job.id}?tab=events`);
    const summary = page.locator(".event-summary");
    await summary.getByText("at 49 percent").waitFor();
    for (const from of [50, 70]) {
      await job.progress(Array.from({ length: 20 }, (_, index) => from + index));
      await summary.getByText(`at ${from + 19} percent`).waitFor();
      await expectScrolledToEnd(page, "Events, oldest first");
    }
    expectNoComplaints(visitor);
  });

  test("no page moves anything, whatever changes in it", async () => {
    const { shop } = shared;
    const job = await driveJob(shop, "carol", "Harbour");
    await job.to("code");
    await job.service.spools.register.mutate({ tagSpool: "MK-1", estadoDetalle: "Fit-up" });
    await using visitor = await invite(given.browser, shop.url, { sub: "carol", reducedMotion });
    await visitor.context.addInitScript(noteMotion);
    const page = await visitor.open(`/jobs/${job.id}`);
    await job.progress([20]);
    await page.locator(".job-said").getByText("at 20 percent").waitFor();
    await job.progress([80]);
    await page.locator(".job-said").getByText("at 80 percent").waitFor();
    await page.getByRole("tab", { name: "JSON" }).hover();
    await page.getByRole("button", { name: "Cancel" }).hover();
    expect(await page.evaluate(readMotion)).toEqual([]);

    const list = await visitor.open("/");
    await list.getByRole("link", { name: /^Harbour/ }).waitFor();
    await list.getByRole("button", { name: "New job" }).hover();
    expect(await list.evaluate(readMotion)).toEqual([]);

    const board = await visitor.open("/spools");
    await board.getByRole("heading", { name: "MK-1" }).waitFor();
    await job.owner.spools.tomar.mutate({ tagSpool: "MK-1", workerNombre: "carol" });
    await board.locator("[data-state=taken]").getByRole("heading", { name: "MK-1" }).waitFor();
    expect(await board.evaluate(readMotion)).toEqual([]);
    expectNoComplaints(visitor);
  });
});

async function expectScrolledToEnd(page: Page, name: string): Promise<void> {
  const viewport = page.getByRole("group", { name });
  await eventually(() => viewport.evaluate(distanceFromEnd)).toBeLessThan(2);
}

// What follows runs in the page.

interface PageElement {
  readonly scrollTop: number;
  readonly scrollHeight: number;
  readonly clientHeight: number;
}

interface MotionPage {
  motion: string[];
  addEventListener(name: string, listener: (event: MotionEvent) => void): void;
}

interface MotionEvent {
  readonly type: string;
  readonly animationName?: string;
  readonly propertyName?: string;
  readonly target: { readonly className: string };
}

function distanceFromEnd(element: unknown): number {
  const { scrollTop, scrollHeight, clientHeight } = element as PageElement;
  return scrollHeight - scrollTop - clientHeight;
}

function noteMotion(): void {
  const page = globalThis as unknown as MotionPage;
  page.motion = [];
  for (const name of ["animationstart", "transitionrun"])
    page.addEventListener(name, ({ type, animationName, propertyName, target }) =>
      page.motion.push(`${type} ${animationName ?? propertyName} of .${target.className}`),
    );
}

function readMotion(): readonly string[] {
  return (globalThis as unknown as MotionPage).motion;
}
