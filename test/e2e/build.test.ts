import { setTimeout as delay } from "node:timers/promises";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { makeFolder, openCheckpoint, packageJson, siteFolder } from "../integration/build-worker-fixture.js";
import { describeInBrowser } from "./support/browser.js";
import { openShop } from "./support/shop.js";
import { copyEvents, expectNoComplaints, expectWhole, invite, untilAllIsLoaded } from "./support/visitor.js";

describeInBrowser("a build, seen in a browser", (given) => {
  /** A server, a worker, and a project whose test waits until it is let through. */
  async function openStage() {
    const shop = await openShop(given.dashboard);
    const checkpoint = await openCheckpoint();
    const slow = await makeFolder({
      "package.json": packageJson({ test: "node checkpoint.cjs" }),
      "checkpoint.cjs": checkpoint.program,
    });
    await shop.startWorker({ site: siteFolder, slow: slow.path });
    const visitor = await invite(given.browser, shop.url, { sub: "alice" });
    return {
      shop,
      visitor,
      checkpoint,
      async [Symbol.asyncDispose]() {
        await visitor[Symbol.asyncDispose]();
        await shop[Symbol.asyncDispose]();
        await checkpoint[Symbol.asyncDispose]();
        await slow[Symbol.asyncDispose]();
      },
    };
  }

  async function createJob(page: Page, title: string, project: string) {
    await page.getByRole("button", { name: "New job" }).click();
    await page.getByLabel("Title", { exact: true }).fill(title);
    await page.getByLabel("Project", { exact: true }).fill(project);
    await page.getByRole("button", { name: "Create job" }).click();
    await page.getByRole("heading", { level: 1, name: title }).waitFor();
  }

  async function untilReady(page: Page) {
    await page.locator(".job-status").getByText("Build complete!").waitFor();
    await page.getByRole("button", { name: "Re-run" }).waitFor();
  }

  test("a job from the dialog is watched to its end: stages, picture, documentation, log and replay", async () => {
    await using stage = await openStage();
    const page = await stage.visitor.open();
    await createJob(page, "Harbour site", "site");
    await untilReady(page);

    const stages = page.getByRole("region", { name: "Stages" }).getByRole("listitem");
    expect(await stages.locator("strong").allTextContents()).toEqual([
      "Queued",
      "Starting",
      "Scaffolding workspace",
      "Writing code",
      "Installing dependencies",
      "Running checks",
      "Build complete!",
    ]);
    await page.getByRole("img", { name: /^Built harbour-notes/ }).waitFor();
    await page
      .getByRole("region", { name: /^harbour-notes/ })
      .getByText("A small static site without dependencies")
      .waitFor();
    const events = await copyEvents(page);
    expectWhole(events);

    // The history of the job can be gone through: at its beginning it was queued and had no picture.
    await page.getByRole("tab", { name: "Result" }).click();
    await page.getByRole("img", { name: /^Built harbour-notes/ }).waitFor();
    await page.getByRole("slider", { name: /^Replay/ }).press("Home");
    await page.locator(".job-status").getByText("Queued").waitFor();
    expect(await page.getByRole("img", { name: /^Built/ }).count()).toBe(0);
    await page.getByRole("slider", { name: /^Replay/ }).press("End");
    await untilReady(page);
    await page.getByRole("img", { name: /^Built harbour-notes/ }).waitFor();

    await page.getByRole("link", { name: "All jobs" }).click();
    await page.getByRole("link", { name: /^Harbour site.*Build complete!/ }).waitFor();
    expectNoComplaints(stage.visitor);
  });

  test("a reload in the middle: nothing is missing and nothing twice", async () => {
    await using stage = await openStage();
    const page = await stage.visitor.open();
    await createJob(page, "Reloaded", "slow");
    const script = await stage.checkpoint.reached;
    await page.locator(".job-status").getByText("Running checks").waitFor();
    const before = await copyEvents(page);
    expectWhole(before);

    await page.reload();
    await page.locator(".job-status").getByText("Running checks").waitFor();
    script.write("go on");
    await untilReady(page);
    const events = await copyEvents(page);
    expectWhole(events);
    expect(events.slice(0, before.length)).toEqual(before);
    expectNoComplaints(stage.visitor);
  });

  test("the server restarts in the middle: the page says so, and goes on without a reload", async () => {
    await using stage = await openStage();
    const page = await stage.visitor.open();
    await createJob(page, "Restarted", "slow");
    const script = await stage.checkpoint.reached;
    await page.locator(".job-status").getByText("Running checks").waitFor();
    const connection = page.locator(".connection");
    await connection.getByText("Live").waitFor();
    await untilAllIsLoaded(page);

    await stage.shop.stopServer();
    await connection.getByText(/^(Reconnecting|Offline since)/).waitFor();
    await connection.getByText(/^in \d+ s$/).waitFor();
    await stage.shop.startServer();
    await connection.getByText(/^Live/).waitFor();
    script.write("go on");
    await untilReady(page);
    expectWhole(await copyEvents(page));
    expectNoComplaints(stage.visitor);
  });

  test("Redis is away for 5 seconds in the middle: nothing is missing and nothing twice", async () => {
    await using stage = await openStage();
    const page = await stage.visitor.open();
    await createJob(page, "Cut", "slow");
    const script = await stage.checkpoint.reached;
    await page.locator(".job-status").getByText("Running checks").waitFor();

    stage.shop.cutRedis();
    script.write("go on");
    await delay(5000);
    stage.shop.mendRedis();
    await untilReady(page);
    expectWhole(await copyEvents(page));
    expectNoComplaints(stage.visitor);
  });
});
