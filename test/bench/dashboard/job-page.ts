import type { JobwireTrpc } from "@jobwire/client";
import type { Browser, Page } from "playwright-core";
import { invite } from "../../e2e/support/visitor.js";

/** What the page of one job has to show. */
export interface JobLoad {
  readonly events: number;
  readonly lines: number;
}

const eventsAtOnce = 100;
const linesAtOnce = 5000;
const screens = 120;

/** Opens the page of a big job, goes through its output and its replay, and says how long each was waited for. */
export async function measureJobPage(
  {
    browser,
    url,
    alice,
    robot,
  }: {
    readonly browser: Browser;
    readonly url: string;
    readonly alice: JobwireTrpc;
    readonly robot: JobwireTrpc;
  },
  { events, lines }: JobLoad,
): Promise<string> {
  const jobId = await createBigJob(alice, robot, { events, lines });
  await using visitor = await invite(browser, url, { sub: "alice" });
  await visitor.context.addInitScript(observe);
  const page = await visitor.open(`/jobs/${jobId}#L${lines}`);
  await page.getByText(`line ${lines} of output`).waitFor();
  const opened = await page.evaluate(readOpening);
  const scrolled = await during(page, () => scrollThrough(page));
  const replayed = await during(page, async () => {
    await page.getByRole("button", { name: "Replay" }).click();
    await page.getByRole("button", { name: "Replay" }).waitFor();
  });
  return [
    `a job of ${events} events and ${lines} lines of output`,
    `frame and header ${Math.round(opened.frameMs)} ms after its state, output ${Math.round(opened.outputMs)} ms after its first byte`,
    `long tasks: opening ${describeTasks(opened.tasksMs)}; scrolling ${describeTasks(scrolled)}; replay ${describeTasks(replayed)}`,
  ].join("\n");
}

async function createBigJob(
  alice: JobwireTrpc,
  robot: JobwireTrpc,
  { events, lines }: JobLoad,
): Promise<string> {
  const { id: jobId } = await alice.jobs.create.mutate({ title: "Big" });
  for (const to of ["starting", "scaffold", "code", "deps"] as const)
    await robot.jobs.transition.mutate({ jobId, to });
  for (let done = 0; done < events; done += eventsAtOnce) {
    const published = Array.from({ length: eventsAtOnce }, (_, index) => ({
      type: "build.progress" as const,
      stage: "deps" as const,
      percent: (100 * (done + index)) / events,
      message: `event ${done + index}`,
    }));
    await robot.jobs.publish.mutate({ jobId, events: published });
  }
  for (let done = 0; done < lines; done += linesAtOnce) {
    const text = Array.from(
      { length: linesAtOnce },
      (_, index) => `line ${done + index + 1} of output\n`,
    ).join("");
    const piece = { stage: "deps" as const, attempt: 1, stream: "stdout" as const, text };
    await robot.work.write.mutate({ jobId, pieces: [piece] });
  }
  for (const to of ["checks", "ready"] as const) await robot.jobs.transition.mutate({ jobId, to });
  return jobId;
}

async function scrollThrough(page: Page): Promise<void> {
  await page.getByRole("group", { name: "Output" }).hover();
  for (let screen = 0; screen < screens; screen++) await page.mouse.wheel(0, -17_000);
}

async function during(page: Page, act: () => Promise<void>): Promise<readonly number[]> {
  const before = (await page.evaluate(readOpening)).tasksMs.length;
  await act();
  return (await page.evaluate(readOpening)).tasksMs.slice(before);
}

function describeTasks(tasksMs: readonly number[]): string {
  if (tasksMs.length === 0) return "none";
  return `${tasksMs.length}, worst ${Math.round(Math.max(...tasksMs))} ms`;
}

// What follows runs in the page.

interface Opening {
  readonly tasksMs: readonly number[];
  /** From the answer with its state to the frame of the page. */
  readonly frameMs: number;
  /** From the first byte of its output to the line that was asked for. */
  readonly outputMs: number;
}

interface PageGlobals {
  tasksMs: number[];
  seenMs: Record<string, number>;
  readonly document: {
    querySelector(selector: string): unknown;
  };
  readonly MutationObserver: new (look: () => void) => { observe(node: unknown, options: object): void };
}

function observe(): void {
  const page = globalThis as unknown as PageGlobals;
  page.tasksMs = [];
  page.seenMs = {};
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) page.tasksMs.push(duration);
  }).observe({ type: "longtask" as "function", buffered: true });
  new page.MutationObserver(() => {
    for (const selector of [".waterfall", ".output-line[data-target=true]"])
      if (page.document.querySelector(selector)) page.seenMs[selector] ??= performance.now();
  }).observe(page.document, { childList: true, subtree: true });
}

function readOpening(): Opening {
  const { tasksMs, seenMs } = globalThis as unknown as PageGlobals;
  const entries = performance.getEntriesByType("resource") as unknown as readonly {
    readonly name: string;
    readonly responseStart: number;
    readonly responseEnd: number;
  }[];
  const state = entries.find(({ name }) => name.includes("jobs.get"));
  const output = entries.find(({ name }) => name.includes("jobs.output"));
  return {
    tasksMs,
    frameMs: (seenMs[".waterfall"] ?? 0) - (state?.responseEnd ?? 0),
    outputMs: (seenMs[".output-line[data-target=true]"] ?? 0) - (output?.responseStart ?? 0),
  };
}
