import type { Page, Route } from "playwright-core";
import { expect, test } from "vitest";
import { describeInBrowser } from "./support/browser.js";
import { openShop, type Shop } from "./support/shop.js";
import { expectNoComplaints, invite } from "./support/visitor.js";

describeInBrowser("people at the dashboard", (given) => {
  const card = (page: Page, tag: string) => page.getByRole("article", { name: `Spool ${tag}` });
  const column = (page: Page, name: RegExp) => page.getByRole("region", { name });

  async function registerSpools(shop: Shop, tags: readonly string[]) {
    const service = await shop.client("registrar", "service");
    for (const tagSpool of tags) await service.trpc.spools.register.mutate({ tagSpool });
  }

  test("two users do not see each other's jobs, neither in the list nor by address", async () => {
    await using shop = await openShop(given.dashboard);
    await using alice = await invite(given.browser, shop.url, { sub: "alice" });
    await using bob = await invite(given.browser, shop.url, { sub: "bob" });
    const { id: secret } = await (await shop.client("alice")).trpc.jobs.create.mutate({ title: "Secret" });
    const ofAlice = await alice.open();
    const ofBob = await bob.open();
    await ofAlice.getByRole("link", { name: /^Secret/ }).waitFor();
    await ofBob.getByRole("heading", { name: "No jobs yet" }).waitFor();

    await (await shop.client("alice")).trpc.jobs.create.mutate({ title: "Also secret" });
    await (await shop.client("bob")).trpc.jobs.create.mutate({ title: "Of Bob" });
    await ofAlice.getByRole("link", { name: /^Also secret/ }).waitFor();
    await ofBob.getByRole("link", { name: /^Of Bob/ }).waitFor();
    expect(await ofBob.getByRole("main").getByRole("link").count()).toBe(1);
    expectNoComplaints(alice);
    expectNoComplaints(bob);

    const byAddress = await bob.open(`/jobs/${secret}`);
    await byAddress.getByRole("heading", { name: "There is no such job" }).waitFor();
    expect(await byAddress.content()).not.toContain("Secret");
  });

  test("what one worker does appears on the other's board by itself", async () => {
    await using shop = await openShop(given.dashboard);
    await registerSpools(shop, ["MK-1"]);
    await using ana = await invite(given.browser, shop.url, { sub: "Ana" });
    await using luis = await invite(given.browser, shop.url, { sub: "Luis" });
    const [left, right] = [await ana.open("/spools"), await luis.open("/spools")];
    await left.getByRole("button", { name: "Take MK-1" }).click();
    await column(right, /^In work/)
      .getByText("With Ana")
      .waitFor();
    expect(await card(right, "MK-1").getByRole("button").count()).toBe(0);

    await left.getByRole("button", { name: "Complete MK-1" }).click();
    await column(right, /^Completed/)
      .getByText("With Ana")
      .waitFor();
    await left.getByRole("button", { name: "Release MK-1" }).click();
    await right.getByRole("button", { name: "Take MK-1" }).click();
    await column(left, /^In work/)
      .getByText("With Luis")
      .waitFor();
    expectNoComplaints(ana);
    expectNoComplaints(luis);
  });

  test("of two workers who take a spool at once one has it, and the other is told who", async () => {
    await using shop = await openShop(given.dashboard);
    const tags = ["MK-1", "MK-2", "MK-3", "MK-4"];
    await registerSpools(shop, tags);
    await using ana = await invite(given.browser, shop.url, { sub: "Ana" });
    await using luis = await invite(given.browser, shop.url, { sub: "Luis" });
    const [left, right] = [await ana.open("/spools"), await luis.open("/spools")];
    await sendTogether([left, right], "spools.tomar");
    for (const tag of tags) {
      for (const page of [left, right]) await page.getByRole("button", { name: `Take ${tag}` }).click();
      for (const page of [left, right])
        await card(page, tag)
          .getByText(/With (Ana|Luis)/)
          .waitFor();
      const winner = (await card(left, tag).locator("strong").textContent()) ?? "";
      const loser = winner === "Ana" ? right : left;
      expect(
        await card(winner === "Ana" ? left : right, tag)
          .getByRole("button")
          .count(),
      ).toBe(2);
      await card(loser, tag)
        .getByText(`Somebody was faster. Spool "${tag}" is taken by "${winner}".`)
        .waitFor();
      expect(await card(loser, tag).getByRole("button").count()).toBe(0);
    }
    expectNoComplaints(ana, /status of 409/);
    expectNoComplaints(luis, /status of 409/);
  });
});

/** The requests for this procedure go out when every page has made its own. */
async function sendTogether(pages: readonly Page[], path: string): Promise<void> {
  let waiting: Route[] = [];
  for (const page of pages) {
    await page.route(`**/trpc/${path}`, async (route) => {
      waiting.push(route);
      if (waiting.length < pages.length) return;
      const all = waiting;
      waiting = [];
      await Promise.all(all.map((each) => each.continue()));
    });
  }
}
