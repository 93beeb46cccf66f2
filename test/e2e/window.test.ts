import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeInBrowser } from "./support/browser.js";
import { shareShop } from "./support/shared-shop.js";
import { invite } from "./support/visitor.js";

describeInBrowser("the window around the pages", (given) => {
  const shared = shareShop(given);

  test("says that a new version is out when the server has the script of a page no longer; the rest of the window stays", async () => {
    await using visitor = await invite(given.browser, shared.shop.url, { sub: "alice" });
    await visitor.context.route("**/assets/spool-board-page-*.js", (route) => route.fulfill({ status: 404 }));
    const page = await visitor.open();
    await page.getByRole("link", { name: "Spools" }).click();
    await page.getByRole("heading", { name: "A new version is out" }).waitFor();
    expect(await page.getByRole("link", { name: "Session" }).isVisible()).toBe(true);

    await visitor.context.unroute("**/assets/spool-board-page-*.js");
    await page.getByRole("button", { name: "Reload" }).click();
    await page.getByRole("heading", { name: "Spool board" }).waitFor();
  });

  test("says that one is offline when a script does not come, and opens the page by itself when the network is back", async () => {
    await using visitor = await invite(given.browser, shared.shop.url, { sub: "bob" });
    await visitor.context.route("**/assets/spool-board-page-*.js", (route) => route.abort());
    const page = await visitor.open();
    await page.getByRole("heading", { name: "No jobs yet" }).waitFor();
    await visitor.context.setOffline(true);
    await page.getByRole("link", { name: "Spools" }).click();
    await page.getByRole("heading", { name: "You are offline" }).waitFor();

    await visitor.context.unroute("**/assets/spool-board-page-*.js");
    await visitor.context.setOffline(false);
    await page.getByRole("heading", { name: "Spool board" }).waitFor();
  });

  test("has the scripts of the pages ahead of need", async () => {
    await using visitor = await invite(given.browser, shared.shop.url, { sub: "carol" });
    const page = await visitor.context.newPage();
    const scripts = ["job-page", "spool-board-page", "session-page"].map((name) =>
      page.waitForResponse((response) => response.url().includes(`/assets/${name}-`)),
    );
    await page.goto(shared.shop.url);
    await Promise.all(scripts);
    await page.getByRole("heading", { name: "No jobs yet" }).waitFor();
    await visitor.context.setOffline(true);
    await page.getByRole("link", { name: "Spools" }).click();
    await page.getByRole("heading", { name: "Spool board" }).waitFor();
  });

  test("needs little script to show the first page", async () => {
    const document = await readFile(join(given.dashboard, "index.html"), "utf8");
    const scripts = [...document.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map(
      ([, path = ""]) => path,
    );
    const sizes = await Promise.all(
      scripts.map(async (path) => (await stat(join(given.dashboard, `${path}.gz`))).size),
    );
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    process.stdout.write(`The first page: ${bytes} bytes of script, gzipped.\n`);
    expect(scripts.length).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(120 * 1024);
  });

  test.each([
    { locale: "en-US", clock: /^\d\d:\d\d:\d\d [AP]M$/, exact: /^\d\d:\d\d:\d\d\.\d{3} [AP]M$/ },
    { locale: "de-DE", clock: /^\d\d:\d\d:\d\d$/, exact: /^\d\d:\d\d:\d\d,\d{3}$/ },
  ])(
    "writes times as the reader's locale has it, with date, zone and distance in a tooltip: $locale",
    async ({ locale, clock, exact }) => {
      const sub = `reader-${locale}`;
      const { trpc } = await shared.shop.client(sub);
      const { id: jobId } = await trpc.jobs.create.mutate({ title: "Clocks" });
      await using visitor = await invite(given.browser, shared.shop.url, {
        sub,
        locale,
        timezoneId: "Asia/Tokyo",
      });
      const page = await visitor.open(`/jobs/${jobId}?tab=events`);
      const event = page.locator(".event-row time").first();
      await event.waitFor();
      for (const time of await page.locator("main time").all()) {
        const text = ((await time.textContent()) ?? "").replaceAll("\u202f", " ");
        if (/\d:\d\d/.test(text))
          expect(text).toMatch(
            (await time.locator("xpath=ancestor::*[contains(@class,'event-row')]").count()) > 0
              ? exact
              : clock,
          );
        expect(await time.getAttribute("title")).toMatch(/\b20\d\d\b.*\d\d:\d\d.*(GMT|UTC|JST)[^(]*\(.+\)$/);
      }
      expect(await page.locator("main time").count()).toBeGreaterThan(1);
    },
  );
});
