import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { findChromium, launchChromium } from "../sse/support/chromium.js";
import { siteFolder } from "../integration/build-worker-fixture.js";
import { createSampleJobs } from "./support/sample-jobs.js";
import { buildDashboard } from "./support/built-dashboard.js";
import { openShop } from "./support/shop.js";
import { invite } from "./support/visitor.js";

/** Makes the pictures of the README: what the dashboard looks like with a real build and some other jobs. */

const folder = fileURLToPath(new URL("../../docs/images", import.meta.url));
const viewport = { width: 1120, height: 680 };

const executablePath = findChromium();
if (executablePath === undefined)
  throw new Error("The pictures are taken with chromium, which is not on the PATH.");

await mkdir(folder, { recursive: true });
await using dashboard = await buildDashboard();
await using shop = await openShop(dashboard.folder);
await shop.startWorker({ site: siteFolder });
const browser = await launchChromium(executablePath);
try {
  await using visitor = await invite(browser, shop.url, { sub: "alice", viewport });
  const alice = await shop.client("alice");
  await createSampleJobs(alice, await shop.client("robot", "service"));
  const { id: jobId } = await alice.trpc.jobs.create.mutate({
    title: "Harbour notes",
    pipeline: "build",
    project: "site",
  });
  const page = await visitor.open(`/jobs/${jobId}`);
  await page.getByRole("button", { name: "Re-run" }).waitFor();
  await page.getByRole("img", { name: /^Built/ }).waitFor();
  await page.screenshot({ path: `${folder}/job.png`, animations: "disabled" });

  await page.getByRole("link", { name: "All jobs" }).click();
  await page.getByRole("link", { name: /^Harbour notes/ }).waitFor();
  await page.mouse.move(0, 0);
  await page.screenshot({ path: `${folder}/jobs.png`, animations: "disabled" });
} finally {
  await browser.close();
}
