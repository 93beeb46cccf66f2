import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { readConfig, startServer } from "@jobwire/server";
import { createJobwireClient, type JobwireTrpc } from "@jobwire/client";
import type { Page } from "playwright-core";
import { buildDashboard } from "../../e2e/support/built-dashboard.js";
import { invite } from "../../e2e/support/visitor.js";
import { findChromium, launchChromium } from "../../sse/support/chromium.js";
import { signTestToken, testSecret } from "../../support/test-server.js";
import { measureJobPage } from "./job-page.js";

const help = `Usage: npm run bench:dashboard -- [options]

Shows the list of jobs in Chromium while their events come in, and says how long the page was not to be spoken to; then the
page of a job of 1,000 events and 100,000 lines of output.

Options:
  --jobs <number>     how many jobs the list has (500)
  --rate <number>     events per second (200)
  --seconds <number>  for so long (15)
  -h, --help          show this
`;

const { values } = parseArgs({
  options: {
    jobs: { type: "string", default: "500" },
    rate: { type: "string", default: "200" },
    seconds: { type: "string", default: "15" },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help) console.log(help);
else await measure({ jobs: Number(values.jobs), rate: Number(values.rate), seconds: Number(values.seconds) });

interface Load {
  readonly jobs: number;
  readonly rate: number;
  readonly seconds: number;
}

async function measure(load: Load): Promise<void> {
  const { jobs } = load;
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("This measures in chromium, which is not on the PATH.");
  await using dashboard = await buildDashboard();
  const config = readConfig({ PORT: "0", LOG_LEVEL: "silent", JWT_SECRET: testSecret });
  await using server = await startServer(config, { dashboard: dashboard.folder });
  const { url } = server;
  const alice = createJobwireClient({ url, token: await signTestToken({ sub: "alice", role: "user" }) }).trpc;
  const robot = createJobwireClient({
    url,
    token: await signTestToken({ sub: "robot", role: "service" }),
  }).trpc;
  const jobIds = await createJobs(alice, robot, jobs);

  const browser = await launchChromium(executablePath);
  try {
    await using visitor = await invite(browser, url, { sub: "alice" });
    const page = await visitor.open();
    await page.getByRole("link", { name: `Job ${jobs - 1}` }).waitFor();
    await loadAll(page, jobs);
    await page.evaluate(observeLongTasks);
    const published = await publish(robot, jobIds, load);
    await page.getByText(`event ${published.events}`, { exact: true }).waitFor();
    const observed = await page.evaluate(readObservations);
    console.log(summaryOf({ load, published, observed }));
    console.log(await measureJobPage({ browser, url, alice, robot }, { events: 1000, lines: 100_000 }));
  } finally {
    await browser.close();
  }
}

async function createJobs(alice: JobwireTrpc, robot: JobwireTrpc, count: number): Promise<string[]> {
  const jobIds: string[] = [];
  for (let number = 0; number < count; number++) {
    const { id } = await alice.jobs.create.mutate({ title: `Job ${number}` });
    await robot.jobs.transition.mutate({ jobId: id, to: "starting" });
    jobIds.push(id);
  }
  return jobIds;
}

/** Older jobs are loaded as the reader comes near them; then back to the top, where the list changes. */
async function loadAll(page: Page, jobs: number): Promise<void> {
  const count = page.locator(".job-filter label").first().getByText(String(jobs), { exact: true });
  while (!(await count.isVisible())) {
    await page.mouse.wheel(0, 20_000);
    await delay(50);
  }
  await page.mouse.wheel(0, -1_000_000);
  await page.getByRole("link", { name: `Job ${jobs - 1}` }).waitFor();
}

/** Progress of all jobs in turn, the newest last. */
async function publish(
  robot: JobwireTrpc,
  jobIds: readonly string[],
  { rate, seconds }: Load,
): Promise<Published> {
  const total = rate * seconds;
  const startedAtMs = performance.now();
  const calls: Promise<unknown>[] = [];
  for (let number = 1; number <= total; number++) {
    const jobId = jobIds.at((number - total - 1) % jobIds.length);
    if (jobId === undefined) break;
    const event = {
      type: "build.progress",
      stage: "starting",
      percent: (100 * number) / total,
      message: `event ${number}`,
    } as const;
    calls.push(robot.jobs.publish.mutate({ jobId, event }));
    await delay(Math.max(0, startedAtMs + (1000 * number) / rate - performance.now()));
  }
  await Promise.all(calls);
  return { events: total, elapsedMs: performance.now() - startedAtMs };
}

interface Published {
  readonly events: number;
  readonly elapsedMs: number;
}

interface Measured {
  readonly load: Load;
  readonly published: Published;
  readonly observed: Observations;
}

function summaryOf({
  load: { jobs },
  published: { events, elapsedMs },
  observed: { tasksMs, rows },
}: Measured): string {
  const sorted = tasksMs.toSorted((one, other) => one - other);
  const p95 = sorted[Math.ceil(0.95 * sorted.length) - 1] ?? 0;
  const worst = sorted.at(-1) ?? 0;
  return [
    `${jobs} jobs, ${events} events at ${Math.round((1000 * events) / elapsedMs)} per second, ${rows} rows in the document`,
    `long tasks (50 ms and more): ${tasksMs.length}, p95 ${Math.round(p95)} ms, worst ${Math.round(worst)} ms`,
  ].join("\n");
}

// What follows runs in the page.

interface Observations {
  readonly tasksMs: number[];
  readonly rows: number;
}

interface PageGlobals {
  tasksMs: number[];
  readonly document: { querySelectorAll(selector: string): { readonly length: number } };
}

function observeLongTasks(): void {
  const page = globalThis as unknown as PageGlobals;
  page.tasksMs = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) page.tasksMs.push(duration);
  }).observe({ type: "longtask" as "function" });
}

function readObservations(): Observations {
  const page = globalThis as unknown as PageGlobals;
  return { tasksMs: page.tasksMs, rows: page.document.querySelectorAll(".job-list > li").length };
}
