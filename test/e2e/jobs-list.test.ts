import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { describeInBrowser } from "./support/browser.js";
import { shareShop } from "./support/shared-shop.js";
import { expectNoComplaints, invite } from "./support/visitor.js";

describeInBrowser("the list of jobs", (given) => {
  const shared = shareShop(given);

  /** A user, their calls and those of a service, and jobs with these titles. */
  async function newUser(sub: string) {
    const { trpc } = await shared.shop.client(sub);
    const service = (await shared.shop.client("robot", "service")).trpc;
    const visitor = await invite(given.browser, shared.shop.url, { sub });
    const create = async (title: string, input: { pipeline?: string; project?: string } = {}) =>
      (await trpc.jobs.create.mutate({ title, ...input })).id;
    const fail = (jobId: string, message: string) =>
      service.jobs.transition.mutate({ jobId, to: "failed", message });
    return { trpc, service, visitor, create, fail };
  }

  const rowsOf = (page: Page) => page.locator(".job-list").getByRole("listitem");
  const rowOf = (page: Page, title: string) => page.getByRole("link", { name: title });

  test("failed jobs behind a hundred others are counted and found; what is asked for is in the address and survives Back", async () => {
    const user = await newUser("finder");
    await using visitor = user.visitor;
    for (let count = 0; count < 10; count++)
      await user.fail(await user.create(`Sunk ${count}`, { project: "reef" }), "on a reef");
    await Promise.all(Array.from({ length: 120 }, (_, index) => user.create(`Afloat ${index}`)));
    const page = await visitor.open();
    await rowOf(page, "Afloat").first().waitFor();
    await page.getByText("Failed10").waitFor();
    await page.getByText("All130").waitFor();
    expect(await rowOf(page, "Sunk").count()).toBe(0);

    await page.getByRole("radio", { name: "Failed" }).check();
    await rowOf(page, "Sunk 0").waitFor();
    expect(await rowsOf(page).count()).toBe(10);
    expect(new URL(page.url()).search).toBe("?show=failed");
    await page.keyboard.press("/");
    await page.keyboard.type("sunk 7");
    await expect.poll(() => rowsOf(page).count(), { timeout: 10_000 }).toBe(1);
    await page.reload();
    await rowOf(page, "Sunk 7").waitFor();
    expect(await page.getByRole("searchbox", { name: "Search the jobs" }).inputValue()).toBe("sunk 7");
    expect(await page.getByRole("radio", { name: "Failed" }).isChecked()).toBe(true);
    await rowOf(page, "Sunk 7").click();
    await page.getByRole("heading", { level: 1, name: "Sunk 7" }).waitFor();
    await page.goBack();
    await rowOf(page, "Sunk 7").waitFor();
    await page.goBack();
    await rowOf(page, "Afloat").first().waitFor();
    expect(new URL(page.url()).search).toBe("");

    // Past the jobs that are loaded at first.
    await scrollTo(page, 4200);
    await rowOf(page, "Sunk 9").waitFor();
    await rowOf(page, "Sunk 9").click();
    await page.getByRole("heading", { level: 1, name: "Sunk 9" }).waitFor();
    expect(await page.evaluate(scrollTop)).toBe(0);
    await page.goBack();
    await rowOf(page, "Sunk 9").waitFor();
    await expect.poll(() => page.evaluate(scrollTop), { timeout: 10_000 }).toBeGreaterThan(3000);
    expectNoComplaints(visitor);
  });

  test("a job comes when it enters what is shown and goes when it leaves it, and the numbers follow", async () => {
    const user = await newUser("watcher");
    await using visitor = user.visitor;
    const jobId = await user.create("On its way");
    const page = await visitor.open("/?show=failed");
    await page.getByRole("heading", { name: "No job is like that" }).waitFor();
    await user.fail(jobId, "aground");
    await rowOf(page, "On its way").getByText("aground").waitFor();
    await page.getByText("Failed1").waitFor();
    await user.trpc.jobs.remove.mutate({ jobId });
    await page.getByRole("heading", { name: "No job is like that" }).waitFor();
    await page.getByText("Failed0").waitFor();
    expectNoComplaints(visitor);
  });

  test("the keyboard alone selects jobs, runs them again and removes them, after asking, in all tabs", async () => {
    const user = await newUser("typist");
    await using visitor = user.visitor;
    for (const title of ["One", "Two", "Three"]) await user.fail(await user.create(title), "no wind");
    const page = await visitor.open();
    const other = await visitor.open("/?show=failed");
    for (const tab of [page, other]) await rowOf(tab, "Three").waitFor();
    await page.bringToFront();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    for (const key of ["j", "x", "j", "j", "x", "k"]) await page.keyboard.press(key);
    await page.getByText("2 selected").waitFor();
    await page.locator(":focus").filter({ hasText: "Two" }).waitFor();
    await page.getByRole("button", { name: "Remove 2" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Remove 2 jobs?" }).waitFor();
    // The way back has the focus.
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    expect(await rowsOf(page).count()).toBe(3);
    await page.getByRole("button", { name: "Remove 2" }).focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText("2 jobs were removed.").waitFor();
    for (const tab of [page, other]) {
      for (const title of ["One", "Three"]) await rowOf(tab, title).waitFor({ state: "detached" });
      expect(await rowsOf(tab).count()).toBe(1);
    }
    await rowOf(page, "Two").focus();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText("One job runs again.").waitFor();
    await expect.poll(() => rowsOf(page).count(), { timeout: 10_000 }).toBe(2);
    await rowOf(page, "Two").first().hover();
    await page.getByRole("button", { name: "Cancel Two" }).click();
    await page.getByRole("dialog", { name: "Cancel “Two”?" }).waitFor();
    await page.getByRole("button", { name: "Cancel the job" }).click();
    await rowOf(page, "Cancelled").waitFor();
    expectNoComplaints(visitor);
  });

  test("long titles end in dots, and their direction is that of their script", async () => {
    const user = await newUser("author");
    await using visitor = user.visitor;
    const long = `Nospaces${"andstilllonger".repeat(12)}`;
    await user.create(long);
    await user.create("בניית אתר");
    const page = await visitor.open();
    const name = page.locator(".job-name").filter({ hasText: long });
    await name.waitFor();
    expect(await name.getAttribute("title")).toBe(long);
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await page.evaluate(overflow)).toBeLessThanOrEqual(0);
    }
    const hebrew = page.locator(".job-name").filter({ hasText: "בניית אתר" });
    expect(await hebrew.evaluate(directionOf)).toBe("rtl");
    expectNoComplaints(visitor);
  });

  test("while the list is asked for its place is kept, no number is made up, and a failure is told in words", async () => {
    const user = await newUser("waiter");
    await using visitor = user.visitor;
    await user.create("Late");
    let letThrough = () => {};
    const waiting = new Promise<void>((resolve) => (letThrough = resolve));
    await visitor.context.route(/\/trpc\/jobs\.(list|counts)/, async (route) => {
      await waiting;
      await route.continue();
    });
    const page = await visitor.open();
    await page.getByRole("status", { name: "Loading the jobs" }).waitFor();
    expect(await page.locator(".chips .number").allTextContents()).toEqual(["", "", "", "", "", ""]);
    letThrough();
    await rowOf(page, "Late").waitFor();
    await page.getByText("All1").waitFor();
    await visitor.context.unrouteAll({ behavior: "wait" });

    await page.route(/\/trpc\/jobs\.create/, (route) => route.abort());
    await page.getByRole("button", { name: "New job" }).click();
    await page.getByRole("button", { name: "Create job" }).click();
    await page.getByText("The server does not answer. Try again in a moment.").waitFor();
    expectNoComplaints(visitor);
  });

  test("needing attention are jobs that failed or wait for a worker that nobody runs; a service sees everybody's", async () => {
    const user = await newUser("captain");
    await using visitor = user.visitor;
    await user.fail(await user.create("Leak"), "water");
    await user.create("Becalmed", { pipeline: "sails" });
    await user.create("All well");
    const page = await visitor.open();
    await page.getByRole("radio", { name: "Needs attention" }).check();
    await rowOf(page, "Becalmed").getByText("no worker offers sails now").waitFor();
    await page.getByText("Needs attention2").waitFor();
    expect(await rowsOf(page).count()).toBe(2);
    expectNoComplaints(visitor);

    await using robot = await invite(given.browser, shared.shop.url, { sub: "robot", role: "service" });
    const all = await robot.open("/?owner=captain");
    await rowOf(all, "Leak").waitFor();
    expect(await rowsOf(all).count()).toBe(3);
    await all.getByRole("searchbox", { name: "Owner" }).fill("");
    await expect.poll(() => rowsOf(all).count(), { timeout: 10_000 }).toBeGreaterThan(3);
    await user.create("Seen by all");
    await rowOf(all, "Seen by all").waitFor();
    expectNoComplaints(robot);
  });
});

/** As a hand does: in steps, so that what is near is loaded. */
async function scrollTo(page: Page, top: number): Promise<void> {
  await page.mouse.move(600, 500);
  await expect
    .poll(
      async () => {
        await page.mouse.wheel(0, 1500);
        return page.evaluate(scrollTop);
      },
      { timeout: 15_000 },
    )
    .toBeGreaterThan(top);
}

// What follows runs in the page.

interface PageGlobals {
  readonly scrollY: number;
  readonly document: { readonly documentElement: { scrollWidth: number; clientWidth: number } };
  getComputedStyle(element: unknown): { readonly direction: string };
}

function scrollTop(): number {
  return (globalThis as unknown as PageGlobals).scrollY;
}

function overflow(): number {
  const { scrollWidth, clientWidth } = (globalThis as unknown as PageGlobals).document.documentElement;
  return scrollWidth - clientWidth;
}

function directionOf(element: unknown): string {
  return (globalThis as unknown as PageGlobals).getComputedStyle(element).direction;
}
