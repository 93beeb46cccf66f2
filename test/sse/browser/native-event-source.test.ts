import type { Browser, Page } from "playwright-core";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import superjson from "superjson";
import { startNodeHttp2 } from "../../../examples/mount/node-http2.js";
import { startTestServer, type TestServer } from "../../support/test-server.js";
import { findChromium, sharedChromium, openInBrowser, type Sighting } from "../support/chromium.js";
import { createSelfSigned } from "../support/self-signed.js";
import { startTcpProxy } from "../support/tcp-proxy.js";
import { eventually } from "../support/waiting.js";

/** The `EventSource` of a real browser, without any client of ours or of tRPC's. */

const executablePath = findChromium();
if (executablePath === undefined)
  process.stdout.write("No chromium on the PATH: tests in a browser are skipped.\n");

const trpcEvents = ["connected", "ping", "return", "serialized-error"];
const plainEvents = ["heartbeat", "complete"];

const namesOf = (sightings: readonly Sighting[]) => sightings.map(({ name }) => name);
const idsOf = (sightings: readonly Sighting[]) =>
  sightings.flatMap(({ name, id }) => (name === "message" && id ? [id] : []));

/** A job whose stream the page may read: the browser brings its token in a cookie. */
async function startJob(server: TestServer, page: Page, url = server.url) {
  const owner = await server.newUser();
  const service = await server.newService();
  const { id: jobId } = await owner.client.jobs.create.mutate({});
  await page.context().addCookies([{ name: "jobwire_token", value: owner.token, url }]);
  await page.goto(`${url}/healthz`);
  const publish = (percent: number) =>
    service.client.jobs.publish.mutate({
      jobId,
      event: { type: "build.progress", stage: "queued", percent },
    });
  return {
    jobId,
    publish,
    finish: () => service.client.jobs.transition.mutate({ jobId, to: "failed" }),
    trpcUrl: `${url}/trpc/jobs.events?input=${encodeURIComponent(superjson.stringify({ jobId }))}`,
    plainUrl: `${url}/api/jobs/${jobId}/events/stream`,
  };
}

describe.skipIf(executablePath === undefined)("a native EventSource", () => {
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await sharedChromium(executablePath ?? "");
  });
  beforeEach(async () => {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    page = await context.newPage();
    return () => context.close();
  });

  test("reads a subscription: connected, every event with its id, pings, return", async () => {
    await using server = await startTestServer({ SSE_HEARTBEAT_MS: "100" });
    const job = await startJob(server, page);
    const stream = await openInBrowser(page, job.trpcUrl, trpcEvents);
    await stream.until("ping", 2);
    await job.publish(50);
    await job.finish();
    // Without a client that knows `return` the browser comes back after it.
    const all = await stream.until("return");
    await stream.close();
    const sightings = all.slice(0, namesOf(all).indexOf("return") + 1);
    expect(namesOf(sightings).filter((name) => name !== "ping")).toEqual([
      "open",
      "connected",
      ...Array.from({ length: 4 }, () => "message"),
      "return",
    ]);
    expect(idsOf(sightings).map((id) => id.split(":")[1])).toEqual(["1", "2", "3", "4"]);
    const events = sightings
      .filter(({ name }) => name === "message")
      .map(({ data }) => superjson.parse(data ?? ""));
    expect(events[1]).toMatchObject({ type: "build.progress", percent: 50, timestamp: expect.any(Date) });
  });

  test("reads plain SSE, and stays away once the server has told it so with 204", async () => {
    await using server = await startTestServer({ SSE_HEARTBEAT_MS: "100" });
    const job = await startJob(server, page);
    const stream = await openInBrowser(page, job.plainUrl, plainEvents);
    await stream.until("heartbeat");
    await job.publish(50);
    await job.finish();
    await stream.until("complete");
    // It knows nothing of `complete`: it comes back by itself, and 204 ends that.
    await stream.until("error", 2);
    const sightings = await stream.seen();
    expect(sightings.at(-1)).toEqual({ name: "error", readyState: 2 });
    expect(namesOf(sightings).filter((name) => name !== "heartbeat")).toEqual([
      "open",
      ...Array.from({ length: 4 }, () => "message"),
      "complete",
      "error",
      "error",
    ]);
  });

  test.each(["trpcUrl", "plainUrl"] as const)(
    "continues by itself after its connection broke, with nothing lost and nothing twice: %s",
    { timeout: 40_000 },
    async (endpoint) => {
      await using server = await startTestServer();
      await using proxy = await startTcpProxy(Number(new URL(server.url).port));
      const job = await startJob(server, page, proxy.url);
      const stream = await openInBrowser(page, job[endpoint], [...trpcEvents, ...plainEvents]);
      let published = 1;
      for (let breaks = 1; breaks <= 3; breaks++) {
        await job.publish(breaks);
        published += 1;
        await stream.until("message", published);
        proxy.breakAll();
        await job.publish(breaks);
        published += 1;
        await stream.until("open", breaks + 1);
      }
      await job.finish();
      published += 2;
      await stream.until("message", published);
      const sightings = await stream.seen();
      await stream.close();
      const offsets = idsOf(sightings).map((id) => Number(id.split(":")[1]));
      expect(offsets).toEqual(Array.from({ length: published }, (_, index) => index + 1));
    },
  );

  test.each(["trpcUrl", "plainUrl"] as const)(
    "takes the end of a server for a broken connection: %s",
    async (endpoint) => {
      const server = await startTestServer();
      const job = await startJob(server, page);
      const stream = await openInBrowser(page, job[endpoint], [...trpcEvents, ...plainEvents]);
      await stream.until("message");
      await server[Symbol.asyncDispose]();
      const sightings = await stream.until("error");
      await stream.close();
      expect(namesOf(sightings)).not.toContain("return");
      expect(namesOf(sightings)).not.toContain("complete");
      expect(sightings.at(-1)).toEqual({ name: "error", readyState: 0 });
    },
  );

  test("without a token: a stream with an error over tRPC, a real 401 over plain SSE", async () => {
    await using server = await startTestServer();
    const job = await startJob(server, page);
    await page.context().clearCookies();
    const overTrpc = await openInBrowser(page, job.trpcUrl, trpcEvents);
    const sightings = await overTrpc.until("serialized-error");
    await overTrpc.close();
    expect(namesOf(sightings).slice(0, 3)).toEqual(["open", "connected", "serialized-error"]);
    const plain = await openInBrowser(page, job.plainUrl, plainEvents);
    expect(await plain.until("error")).toEqual([{ name: "error", readyState: 2 }]);
  });

  test("over HTTP/2 a page has more streams than the six of HTTP/1.1", async () => {
    await using example = await startNodeHttp2(createSelfSigned());
    await page.goto(`${example.url}/count`);
    const streams = await Promise.all(
      Array.from({ length: 20 }, () => openInBrowser(page, `${example.url}/events`, trpcEvents)),
    );
    for (const stream of streams) await stream.until("connected");
    expect(example.sse.connectionCount()).toBe(20);
    await page.evaluate(sayHello, `${example.url}/say`);
    for (const stream of streams) {
      const sightings = await stream.until("message");
      expect(sightings.at(-1)).toMatchObject({ id: "1", data: expect.stringContaining("hello") });
      await stream.close();
    }
    await eventually(() => example.sse.connectionCount()).toBe(0);
  });
});

/** Runs in the page. */
async function sayHello(url: string): Promise<void> {
  const body = JSON.stringify({ from: "page", text: "hello" });
  await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
}
