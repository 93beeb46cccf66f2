import { setTimeout as delay } from "node:timers/promises";
import type { JobwireTrpc } from "@jobwire/client";
import type { Page } from "playwright-core";
import type { Visitor } from "../../e2e/support/visitor.js";

export interface Site {
  readonly alice: JobwireTrpc;
  readonly robot: JobwireTrpc;
}

export interface Load {
  readonly jobs: number;
  readonly rate: number;
  readonly seconds: number;
}

const limitMs = 50;

/** How long the list of jobs keeps the browser busy while events come in. */
export async function measureList(visitor: Visitor, site: Site, load: Load): Promise<string> {
  const { jobs } = load;
  const jobIds = await createJobs(site, jobs);
  const page = await visitor.open();
  await linkOf(page, jobs - 1).waitFor();
  await loadAll(page, jobs);
  await page.evaluate(observeTasks);
  const published = await publish(site.robot, jobIds, load);
  await page.getByText(`event ${published.events}`, { exact: true }).first().waitFor();
  const { tasksMs, waitsMs } = await page.evaluate(readObserved);
  await page.close();
  const rate = Math.round((1000 * published.events) / published.elapsedMs);
  const sorted = (values: readonly number[]) => values.toSorted((one, other) => one - other);
  const of = (values: readonly number[], share: number) =>
    Math.round(sorted(values)[Math.ceil(share * values.length) - 1] ?? 0);
  return [
    `a list of ${jobs} jobs, ${published.events} events at ${rate} per second:`,
    `the page answers after p50 ${of(waitsMs, 0.5)} ms, p95 ${of(waitsMs, 0.95)} ms (limit ${limitMs} ms), worst ${of(waitsMs, 1)} ms;`,
    `tasks of ${limitMs} ms and more: ${tasksMs.length}, p95 ${of(tasksMs, 0.95)} ms, worst ${of(tasksMs, 1)} ms`,
  ].join(" ");
}

function linkOf(page: Page, number: number) {
  return page.getByRole("link", { name: titleOf(number) });
}

/** None is a part of another one. */
function titleOf(number: number): string {
  return `Job ${String(number).padStart(6, "0")}`;
}

async function createJobs({ alice, robot }: Site, count: number): Promise<string[]> {
  const jobIds: string[] = [];
  for (let number = 0; number < count; number++) {
    const { id } = await alice.jobs.create.mutate({ title: titleOf(number) });
    await robot.jobs.transition.mutate({ jobId: id, to: "starting" });
    jobIds.push(id);
  }
  return jobIds;
}

/** Older jobs are loaded as the reader comes near them; then back to the top, where the list changes. */
async function loadAll(page: Page, jobs: number): Promise<void> {
  while (!(await linkOf(page, 0).isVisible())) {
    await page.mouse.wheel(0, 50_000);
    await delay(50);
  }
  await page.mouse.wheel(0, -10_000_000);
  await linkOf(page, jobs - 1).waitFor();
}

interface Published {
  readonly events: number;
  readonly elapsedMs: number;
}

/** So many events of one job are published at once: the server and this share the machine with the page. */
const eventsPerCall = 5;

/** Progress of all jobs in turn, the newest last. */
async function publish(
  robot: JobwireTrpc,
  jobIds: readonly string[],
  { rate, seconds }: Load,
): Promise<Published> {
  const total = rate * seconds;
  const count = Math.ceil(total / eventsPerCall);
  const startedAtMs = performance.now();
  const calls: Promise<unknown>[] = [];
  for (let call = 1; call <= count; call++) {
    const jobId = jobIds.at((call - count - 1) % jobIds.length);
    if (jobId === undefined) break;
    const numbers = Array.from(
      { length: eventsPerCall },
      (_, index) => (call - 1) * eventsPerCall + index + 1,
    );
    const events = numbers.map((number) => ({
      type: "build.progress" as const,
      stage: "starting" as const,
      percent: Math.min(100, (100 * number) / total),
      message: `event ${number}`,
    }));
    calls.push(robot.jobs.publish.mutate({ jobId, events }));
    const dueAtMs = startedAtMs + (1000 * call * eventsPerCall) / rate;
    await delay(Math.max(0, dueAtMs - performance.now()));
  }
  await Promise.all(calls);
  return { events: count * eventsPerCall, elapsedMs: performance.now() - startedAtMs };
}

// What follows runs in the page.

interface Observed {
  readonly tasksMs: number[];
  /** How late something was done that was due: so long somebody would have waited for an answer. */
  readonly waitsMs: number[];
}

interface PageGlobals {
  observed: Observed;
}

function observeTasks(): void {
  const observed: Observed = { tasksMs: [], waitsMs: [] };
  (globalThis as unknown as PageGlobals).observed = observed;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) observed.tasksMs.push(duration);
  }).observe({ type: "longtask" as "function" });
  const everyMs = 10;
  const wait = () => {
    const dueAtMs = performance.now() + everyMs;
    setTimeout(() => {
      observed.waitsMs.push(Math.max(0, performance.now() - dueAtMs));
      wait();
    }, everyMs);
  };
  wait();
}

function readObserved(): Observed {
  return (globalThis as unknown as PageGlobals).observed;
}
