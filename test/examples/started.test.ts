import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { findChromium, sharedChromium } from "../sse/support/chromium.js";
import { freePort } from "../support/redis-server.js";
import { spawnProcess } from "../support/server-process.js";

const chromium = findChromium();
const root = fileURLToPath(new URL("../..", import.meta.url));

/** An example as its README says to start it. */
async function start(name: string) {
  const port = String(await freePort());
  const started = spawnProcess("npm", ["run", "--silent", `example:${name}`], { PORT: port });
  const url = `http://127.0.0.1:${port}`;
  await started.until((line) => line.includes(url));
  return { ...started, url };
}

test("every command of an example is in the examples' README", async () => {
  const { scripts } = JSON.parse(await readFile(`${root}package.json`, "utf8")) as { scripts: object };
  const commands = Object.keys(scripts).filter((name) => name.startsWith("example:"));
  const page = await readFile(`${root}examples/README.md`, "utf8");
  const missing = commands.filter((name) => !page.includes(`\`npm run ${name}\``));
  expect(commands.length).toBeGreaterThanOrEqual(7);
  expect(missing).toEqual([]);
});

test("the Express app takes orders", async () => {
  await using example = await start("express-app");
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ item: "lamp" });
  const response = await fetch(`${example.url}/orders`, { method: "POST", headers, body });
  expect(await response.json()).toEqual({ orderId: expect.any(String) });
});

describe.skipIf(chromium === undefined)("started with one command (need chromium on the PATH)", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await sharedChromium(chromium ?? "");
  });

  /** A tab, and what went wrong in it. */
  async function visit(url: string, options = {}) {
    const context = await browser.newContext(options);
    const tab = await context.newPage();
    const problems: string[] = [];
    tab.on("pageerror", (error) => void problems.push(error.message));
    tab.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    await tab.goto(url);
    return { tab, problems, [Symbol.asyncDispose]: () => context.close() };
  }

  test("the React example does a job and shows it to its end", async () => {
    await using example = await start("react");
    await using page = await visit(example.url);
    await page.tab.getByRole("heading", { name: "Sample" }).waitFor();
    await page.tab.locator("progress").waitFor();
    await page.tab.getByRole("status").filter({ hasText: "Build complete!" }).waitFor();
  });

  test("the TanStack Query example lists a job that is asked for and what becomes of it", async () => {
    await using example = await start("tanstack-query");
    await using page = await visit(example.url);
    await page.tab.getByLabel("Title").fill("Mine");
    await page.tab.getByRole("button", { name: "New job" }).click();
    await page.tab.getByRole("listitem").filter({ hasText: "Mine: Running checks..." }).waitFor();
    expect(page.problems.filter((problem) => !problem.includes("favicon"))).toEqual([]);
  });

  test("the page with EventSource shows a job to its end", async () => {
    await using example = await start("event-source");
    await using page = await visit(example.url);
    await page.tab.getByRole("heading", { name: "Build complete!" }).waitFor();
    await page.tab.getByText("complete", { exact: true }).waitFor();
  });

  test("the server component is in the HTML, and its client components go on without another render", async () => {
    await using example = await start("server-component");
    await using first = await visit(example.url, { javaScriptEnabled: false });
    await first.tab.getByRole("heading", { name: "Sample" }).waitFor();
    expect(await first.tab.getByRole("status").getAttribute("data-connection")).toBe("connecting");

    await using live = await visit(first.tab.url());
    await live.tab.locator('[data-connection="live"]').waitFor();
    await live.tab.getByRole("status").filter({ hasText: "Build complete!" }).waitFor();
    await live.tab.locator('[data-connection="ended"]').waitFor();
    expect(live.problems.filter((problem) => !problem.includes("404"))).toEqual([]);
  });
});
