import { expect, test } from "vitest";
import { describeInBrowser } from "./support/browser.js";
import { expectGoodPage } from "./support/page-checks.js";
import { shareShop } from "./support/shared-shop.js";
import { openShop, type Shop } from "./support/shop.js";
import { expectNoComplaints, invite } from "./support/visitor.js";

const looks = [
  { name: "desktop, light", viewport: { width: 1280, height: 800 }, colorScheme: "light" },
  { name: "desktop, dark", viewport: { width: 1280, height: 800 }, colorScheme: "dark" },
  { name: "phone, light", viewport: { width: 375, height: 740 }, colorScheme: "light" },
  { name: "phone, dark", viewport: { width: 375, height: 740 }, colorScheme: "dark" },
] as const;

const code = "the-code-of-this-test";

describeInBrowser("the pages", (given) => {
  const shared = shareShop(given);
  let furnished: ReturnType<typeof furnish> | undefined;

  test.each(looks)("are accessible and fit the window: $name", async ({ viewport, colorScheme }) => {
    const { shop } = shared;
    const jobs = await (furnished ??= furnish(shop));
    await using visitor = await invite(given.browser, shop.url, { sub: "alice", viewport, colorScheme });
    await using service = await invite(given.browser, shop.url, {
      sub: "robot",
      role: "service",
      viewport,
      colorScheme,
    });
    const visits = [
      { by: visitor, path: "/", until: "Harbour" },
      { by: visitor, path: `/jobs/${jobs.running}`, until: "Three packages" },
      { by: visitor, path: `/jobs/${jobs.failed}`, until: "Why it failed" },
      { by: visitor, path: "/spools", until: "MK-1" },
      { by: visitor, path: "/session", until: "Tidy up" },
      { by: service, path: "/spools", until: "Register" },
      { by: service, path: "/", until: "Harbour" },
      { by: service, path: "/operations", until: "No worker has said that it is there." },
    ];
    for (const { by, path, until } of visits) {
      const page = await by.open(path);
      await page.getByText(until).first().waitFor();
      await page.locator(".connection").getByText("Live").waitFor();
      await expectGoodPage(page, path);
      await page.close();
    }
    const page = await visitor.open();
    await page.getByRole("button", { name: "New job" }).click();
    await page.getByRole("dialog", { name: "New job" }).waitFor();
    await expectGoodPage(page, "the dialog");
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: /^Berths/ }).focus();
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.getByText("1 selected").waitFor();
    await page.getByRole("button", { name: /^Notices/ }).click();
    await page.getByRole("dialog", { name: "Notices" }).waitFor();
    await expectGoodPage(page, "a selection, and the notices");
    expectNoComplaints(visitor);
    expectNoComplaints(service);
  });

  test("a visitor signs in with a name during development, and a new tab remembers it", async () => {
    await using shop = await openShop(given.dashboard, { JWT_SECRET: "", JOBWIRE_DEV_CODE: code });
    await using visitor = await invite(given.browser, shop.url, { sub: "nobody", hasCookie: false });
    const page = await visitor.open(`/#code=${code}`);
    await page.getByLabel("Name").waitFor();
    await expectGoodPage(page, "sign-in");
    expect(page.url()).toBe(`${shop.url}/`);
    await page.getByLabel("Name").fill("carol");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "No jobs yet" }).waitFor();
    expect(page.url()).toBe(`${shop.url}/`);

    const second = await visitor.open("/spools");
    await second.getByRole("heading", { name: "Spool board" }).waitFor();
    await second.getByRole("button", { name: "Sign out" }).click();
    await second.getByRole("heading", { name: "Sign in" }).waitFor();
    expectNoComplaints(visitor);
  });

  test("a development server that comes back with another secret needs no new sign-in", async () => {
    await using shop = await openShop(given.dashboard, { JWT_SECRET: "", JOBWIRE_DEV_CODE: code });
    await using visitor = await invite(given.browser, shop.url, { sub: "nobody", hasCookie: false });
    const page = await visitor.open();
    await page.getByLabel("Name").fill("carol");
    await page.getByLabel("Code").fill("not the code at all");
    await page.keyboard.press("Enter");
    await page.getByText("This is not the code").waitFor();
    await page.getByLabel("Code").fill(code);
    await page.keyboard.press("Enter");
    await page.locator(".connection").getByText("Live").waitFor();
    await shop.stopServer();
    await page
      .locator(".connection")
      .getByText(/^(Reconnecting|Offline since)/)
      .waitFor();
    await shop.startServer();
    await page.locator(".connection").getByText(/^Live/).waitFor();
    await page.getByRole("button", { name: "New job" }).click();
    await page.getByLabel("Title", { exact: true }).fill("After the restart");
    await page.getByRole("button", { name: "Create job" }).click();
    await page.getByRole("heading", { level: 1, name: "After the restart" }).waitFor();
    expectNoComplaints(visitor, /status of 40[13]/);
  });

  test("in production a visitor signs in with a token, which a reload keeps and the address never has", async () => {
    await using shop = await openShop(given.dashboard, { NODE_ENV: "production" });
    await using visitor = await invite(given.browser, shop.url, { sub: "nobody", hasCookie: false });
    const page = await visitor.open();
    await page.getByLabel("Token").fill("not a token");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("The server does not accept this token").waitFor();
    await page.getByLabel("Token").fill(await shop.token("dave"));
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "No jobs yet" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "No jobs yet" }).waitFor();
    expect(page.url()).toBe(`${shop.url}/`);
    expectNoComplaints(visitor);
  });

  test("everything can be reached and used with the keyboard alone", async () => {
    await using shop = await openShop(given.dashboard);
    await using visitor = await invite(given.browser, shop.url, { sub: "alice" });
    const page = await visitor.open();
    await page.getByRole("heading", { name: "No jobs yet" }).waitFor();
    await page.keyboard.press("Tab");
    expect(await page.locator(":focus").textContent()).toBe("Skip to the content");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.type("By hand");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "By hand" }).waitFor();
    expect(await page.locator(":focus").getAttribute("id")).toBe("content");
    expectNoComplaints(visitor);
  });
});

/** A user with a running and a failed job, and a spool. */
async function furnish(shop: Shop) {
  const { trpc } = await shop.client("alice");
  const service = (await shop.client("robot", "service")).trpc;
  const create = async (title: string) => (await trpc.jobs.create.mutate({ title })).id;
  const [running, failed] = [await create("Harbour"), await create("Berths")];
  for (const jobId of [running, failed]) await service.jobs.transition.mutate({ jobId, to: "starting" });
  await service.jobs.transition.mutate({ jobId: running, to: "scaffold", narration: "Three packages came." });
  await service.jobs.publish.mutate({
    jobId: running,
    event: { type: "build.progress", stage: "scaffold", percent: 40, message: "Copied 4 of 9 files" },
  });
  await service.jobs.publish.mutate({
    jobId: running,
    event: {
      type: "documentation.updated",
      section: "readme",
      title: "Harbour",
      markdown: `# Top\n\n<script>alert(1)</script><img src=x onerror="alert(2)">\n\n[link](javascript:alert(3))`,
    },
  });
  await service.jobs.transition.mutate({
    jobId: failed,
    to: "failed",
    message: "npm ERR! code 1\n  at line 2",
  });
  await service.spools.register.mutate({ tagSpool: "MK-1", estadoDetalle: "Fit-up" });
  await trpc.spools.tomar.mutate({ tagSpool: "MK-1", workerNombre: "alice" });
  return { running, failed };
}
