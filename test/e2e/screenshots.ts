import { mkdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { findChromium, launchChromium } from "../sse/support/chromium.js";
import { siteFolder } from "../integration/build-worker-fixture.js";
import { createSampleJobs } from "./support/sample-jobs.js";
import { driveSampleBuilds } from "./support/sample-builds.js";
import { buildDashboard } from "./support/built-dashboard.js";
import { openShop, type Shop } from "./support/shop.js";
import { invite } from "./support/visitor.js";

const help = `Usage: npm run screenshots -- [options]

Makes the pictures of the README: what the dashboard looks like with a real build and some other jobs.

Options:
  --all <folder>  in place of these, every page in light, in dark and on a phone, to look at
  -h, --help      show this
`;

const looks = [
  { look: "light", viewport: { width: 1280, height: 1000 }, colorScheme: "light" },
  { look: "dark", viewport: { width: 1280, height: 1000 }, colorScheme: "dark" },
  { look: "phone", viewport: { width: 390, height: 844 }, colorScheme: "light" },
] as const;
/** What was asked for has come by then. */
const settledAfterMs = 700;

const { values } = parseArgs({ options: { all: { type: "string" }, help: { type: "boolean", short: "h" } } });
if (values.help) process.stdout.write(help);
else await takePictures(values.all);

async function takePictures(all: string | undefined): Promise<void> {
  const executablePath = findChromium();
  if (executablePath === undefined)
    throw new Error("The pictures are taken with chromium, which is not on the PATH.");
  await using dashboard = await buildDashboard();
  await using shop = await openShop(dashboard.folder);
  await shop.startWorker({ site: siteFolder });
  const browser = await launchChromium(executablePath);
  try {
    const good = await buildSite(shop);
    if (all === undefined) await takeReadmePictures(browser, shop, good);
    else await takeAllPictures({ browser, shop, good, folder: all });
  } finally {
    await browser.close();
  }
}

async function buildSite(shop: Shop): Promise<string> {
  const alice = await shop.client("alice");
  await createSampleJobs(alice, await shop.client("robot", "service"));
  const { id: jobId } = await alice.trpc.jobs.create.mutate({
    title: "Harbour notes",
    pipeline: "build",
    project: "site",
    metadata: { branch: "main" },
  });
  return jobId;
}

async function takeReadmePictures(browser: Browser, shop: Shop, good: string): Promise<void> {
  const folder = fileURLToPath(new URL("../../docs/images", import.meta.url));
  await mkdir(folder, { recursive: true });
  await using visitor = await invite(browser, shop.url, {
    sub: "alice",
    viewport: { width: 1120, height: 680 },
  });
  const page = await visitor.open(`/jobs/${good}`);
  await untilShown(page);
  await page.getByRole("img", { name: /^Built/ }).waitFor();
  await page.screenshot({ path: `${folder}/job.png`, animations: "disabled" });

  await page.getByRole("link", { name: "All jobs" }).click();
  await page.getByRole("link", { name: /^Harbour notes/ }).waitFor();
  await page.mouse.move(0, 0);
  await page.screenshot({ path: `${folder}/jobs.png`, animations: "disabled" });
}

interface AllPictures {
  readonly browser: Browser;
  readonly shop: Shop;
  readonly good: string;
  readonly folder: string;
}

async function takeAllPictures({ browser, shop, good, folder }: AllPictures): Promise<void> {
  const { running, failed } = await driveSampleBuilds(shop, "alice");
  const robot = await shop.client("robot", "service");
  await robot.trpc.spools.register.mutate({ tagSpool: "MK-1335-CW-25238-011", estadoDetalle: "Fit-up" });
  const visits = [
    { name: "list", path: "/" },
    { name: "running", path: `/jobs/${running.id}` },
    { name: "failed", path: `/jobs/${failed.id}` },
    { name: "replay", path: `/jobs/${failed.id}`, act: goBack },
    { name: "events", path: `/jobs/${failed.id}?tab=events` },
    { name: "good", path: `/jobs/${good}` },
    { name: "spools", path: "/spools" },
    { name: "session", path: "/session" },
    { name: "attention", path: "/?show=attention" },
    { name: "fleet", path: "/fleet", isForService: true },
  ];
  await mkdir(folder, { recursive: true });
  for (const { look, ...settings } of looks) {
    await using alice = await invite(browser, shop.url, { sub: "alice", ...settings });
    await using service = await invite(browser, shop.url, { sub: "robot", role: "service", ...settings });
    for (const { name, path, act, isForService = false } of visits) {
      const page = await (isForService ? service : alice).open(path);
      await untilShown(page);
      await act?.(page);
      await page.screenshot({
        path: `${folder}/${name}-${look}.png`,
        animations: "disabled",
        fullPage: look === "phone",
      });
      await page.close();
    }
  }
}

async function untilShown(page: Page): Promise<void> {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.locator(".connection").getByText("Live").waitFor();
  await page.locator(".skeleton").first().waitFor({ state: "detached" });
  await delay(settledAfterMs);
}

/** To the middle of the job's time. */
async function goBack(page: Page): Promise<void> {
  const playhead = page.getByRole("slider", { name: /^Replay/ });
  await playhead.fill(String(Math.round(Number(await playhead.getAttribute("max")) / 2)));
}
