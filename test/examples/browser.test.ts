import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Browser } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { servePage } from "../../examples/event-source/main.js";
import { findChromium, sharedChromium } from "../sse/support/chromium.js";
import { startTestServer, type TestServer } from "../support/test-server.js";

const chromium = findChromium();

describe.skipIf(chromium === undefined)("in a browser (needs chromium on the PATH)", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await sharedChromium(chromium ?? "");
  });

  /** A tab at a page of another origin than the Jobwire server, with a job to show. */
  async function visit(
    serve: (token: () => string) => Promise<{ readonly url: string } & AsyncDisposable>,
    readToken = (server: TestServer) => server.token("ana"),
  ) {
    let token = "";
    const page = await serve(() => token);
    const server = await startTestServer({ CORS_ORIGINS: page.url });
    token = await readToken(server);
    const client = server.client(await server.token("ana"));
    const service = server.client(await server.token("worker", "service"));
    const { id: jobId } = await client.jobs.create.mutate({ title: "Shop" });
    const context = await browser.newContext();
    const tab = await context.newPage();
    await tab.goto(`${page.url}?server=${server.url}&job=${jobId}`);
    return {
      tab,
      progress: (percent: number) =>
        service.jobs.publish.mutate({ jobId, event: { type: "build.progress", stage: "queued", percent } }),
      fail: (message: string) => service.jobs.transition.mutate({ jobId, to: "failed", message }),
      async [Symbol.asyncDispose]() {
        await context.close();
        await page[Symbol.asyncDispose]();
        await server[Symbol.asyncDispose]();
      },
    };
  }

  test("the page with a plain EventSource shows a job up to complete, with nothing but a cookie", async () => {
    await using page = await visit(servePage);
    const status = (text: string) => page.tab.locator("#status", { hasText: text }).waitFor();
    await status("Queued...");
    await page.progress(40);
    await page.tab.locator('#log li:has-text("build.progress")').waitFor();
    expect(await page.tab.locator("#progress").getAttribute("value")).toBe("40");
    await page.fail("no disk");
    await status("no disk");
    await page.tab.locator('#log li:text-is("complete")').waitFor();
    expect(await page.tab.locator("#log li").count()).toBe(5);
  });

  test("the page with a plain EventSource says that it was refused when the cookie is wrong", async () => {
    await using page = await visit(servePage, async () => "none");
    await page.tab.locator("#status", { hasText: "The server refused" }).waitFor();
  });

  test("the React page, bundled, shows a job of a server of another origin to its end", async () => {
    await using page = await visit(serveReactPage);
    await page.tab.locator("h1", { hasText: "Shop" }).waitFor();
    await page.progress(40);
    await page.tab.locator('progress[value="40"]').waitFor();
    await page.fail("no disk");
    await page.tab.locator('[role="status"]', { hasText: "no disk" }).waitFor();
  });
});

/** What an application's own server does: the bundle, and a token for who is signed in. */
async function serveReactPage(token: () => string) {
  const bundle = await build({
    entryPoints: [fileURLToPath(new URL("../../examples/react/browser.tsx", import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    jsx: "automatic",
    conditions: ["@jobwire/source"],
  });
  const script = bundle.outputFiles[0]?.text ?? "";
  const server = createServer((request, response) => {
    if (request.url === "/token") return response.end(token());
    response.setHeader("content-type", "text/html; charset=utf-8");
    return response.end(
      `<!doctype html><body></body><script type="module">${script.replaceAll("</script", "<\\/script")}</script>`,
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
