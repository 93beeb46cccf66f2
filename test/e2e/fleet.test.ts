import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { describeInBrowser } from "./support/browser.js";
import { shareShop } from "./support/shared-shop.js";
import { expectNoComplaints, invite } from "./support/visitor.js";

describeInBrowser("the fleet and the floor", (given) => {
  const shared = shareShop(given);

  test("services see who works on what, what waits for whom and for how long, and charts that go on in the page", async () => {
    const { trpc } = await shared.shop.client("owner");
    const robot = (await shared.shop.client("robot", "service")).trpc;
    await robot.work.offer.mutate({
      workerId: "crane-1",
      host: "quay",
      pipelines: ["lift"],
      projects: ["hull"],
      running: 1,
      leaseMs: 120_000,
    });
    const { id: jobId } = await trpc.jobs.create.mutate({ title: "Lift the hull", pipeline: "lift" });
    await robot.work.claim.mutate({ jobId, workerId: "crane-1", leaseMs: 120_000 });
    await trpc.jobs.create.mutate({ title: "Paint", pipeline: "paint" });
    await using visitor = await invite(given.browser, shared.shop.url, {
      sub: "robot",
      role: "service",
      viewport: { width: 390, height: 800 },
    });
    const page = await visitor.open("/operations");
    const region = (name: RegExp) => page.getByRole("region", { name });
    const worker = region(/^Workers/).getByRole("row", { name: /crane-1/ });
    await worker.getByRole("link", { name: "Lift the hull" }).waitFor();
    await worker.getByText("quay").waitFor();
    expect(new URL(page.url()).pathname).toBe("/fleet");
    const queue = region(/^Queues/).getByRole("row", { name: /paint/ });
    await queue.getByText("none").waitFor();
    await queue.getByText(/^\d+ s$/).waitFor();
    await region(/^Sessions/)
      .getByRole("row", { name: /robot/ })
      .waitFor();
    const chart = region(/^Events delivered/);
    await chart.getByRole("img", { name: /^Events delivered, from 0 to / }).waitFor();
    // Two samples make a line; it is still there after one was elsewhere.
    const line = region(/^Open streams/).locator(".chart-line");
    await expect.poll(() => line.getAttribute("d"), { timeout: 20_000 }).toContain("L");
    expect(await page.evaluate(overflow)).toBeLessThanOrEqual(0);
    await page.getByRole("link", { name: "Spools" }).click();
    await page.getByRole("heading", { name: "Spool board" }).waitFor();
    await page.getByRole("link", { name: "Fleet" }).click();
    expect(await line.getAttribute("d")).toContain("L");

    await queue.getByRole("link", { name: "paint" }).click();
    await page.getByRole("link", { name: "Paint" }).waitFor();
    expect(new URL(page.url()).search).toBe("?show=waiting&pipeline=paint");
    expectNoComplaints(visitor);
  });

  test("a new job is offered what workers really do, and told when nobody does it", async () => {
    const robot = (await shared.shop.client("robot", "service")).trpc;
    await robot.work.offer.mutate({
      workerId: "weaver",
      host: "loft",
      pipelines: ["a-weave"],
      projects: ["sail"],
      leaseMs: 120_000,
    });
    await using visitor = await invite(given.browser, shared.shop.url, { sub: "planner" });
    const page = await visitor.open();
    await expect
      .poll(async () => (await robot.pipelines.list.query()).map(({ name }) => name), { timeout: 10_000 })
      .toContain("a-weave");
    await page.getByRole("button", { name: "New job" }).click();
    const pipeline = page.getByLabel("Pipeline", { exact: true });
    await expect.poll(() => pipeline.inputValue()).toBe("a-weave");
    expect(await page.getByLabel("Project", { exact: true }).inputValue()).toBe("sail");
    await page.getByText("One worker offers it.").waitFor();
    await pipeline.fill("nobody-does-this");
    await page.getByText("No worker offers this now: the job waits until one does.").waitFor();
    expectNoComplaints(visitor);
  });

  test("the board says in words who took what and when, with the date", async () => {
    const robot = (await shared.shop.client("robot", "service")).trpc;
    await using ana = await invite(given.browser, shared.shop.url, { sub: "Ana" });
    const page = await ana.open("/spools");
    await page.getByRole("heading", { name: "The board is empty" }).waitFor();
    const news = page.getByRole("list", { name: "What has just changed" });
    await robot.spools.register.mutate({ tagSpool: "MK-9" });
    await news.getByText("MK-9 was put on the board").waitFor();
    await page.getByRole("button", { name: "Take MK-9" }).click();
    await news.getByText("Ana took MK-9").waitFor();
    await page.getByRole("button", { name: "Complete MK-9" }).click();
    await news.getByText("Ana completed MK-9").waitFor();
    await page.getByRole("button", { name: "Release MK-9" }).click();
    await news.getByText("Ana released MK-9").waitFor();
    expect(await timeOn(page)).toMatch(/^[A-Z][a-z]{2} \d{1,2}, \d\d:\d\d [AP]M$/);
    expectNoComplaints(ana);
  });
});

async function timeOn(page: Page): Promise<string> {
  const text = await page.getByRole("article", { name: "Spool MK-9" }).locator("time").textContent();
  return (text ?? "").replaceAll(" ", " ");
}

// What follows runs in the page.

function overflow(): number {
  const { scrollWidth, clientWidth } = (
    globalThis as unknown as { document: { documentElement: { scrollWidth: number; clientWidth: number } } }
  ).document.documentElement;
  return scrollWidth - clientWidth;
}
