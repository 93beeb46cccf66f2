import { createJobwireClient } from "@jobwire/client";
import { satisfies } from "semver";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packPackages } from "../packages/packed-packages.js";
import { findChromium, launchChromium } from "../sse/support/chromium.js";
import { freePort } from "../support/redis-server.js";
import type { SpawnedProcess } from "../support/server-process.js";
import { signTestToken, testSecret } from "../support/test-server.js";
import { startRegistry, type LocalRegistry } from "./local-registry.js";
import { createProject } from "./project.js";

const minutes = 60_000;
let registry: LocalRegistry;
beforeAll(async () => {
  await using packed = await packPackages();
  registry = await startRegistry();
  for (const tarball of [packed.tarballs.shared, packed.tarballs.server, packed.tarballs.client])
    await registry.publish(tarball);
}, 5 * minutes);
afterAll(() => registry[Symbol.asyncDispose]());

describe("the packages from a registry", { timeout: 10 * minutes }, () => {
  test("are installed without a warning, and nothing of them refuses a Node that Jobwire names", async () => {
    await using project = await createProject("server", registry);
    expect(project.installed).not.toMatch(/EBADENGINE|deprecated|ERESOLVE/);
    const refusals = Object.entries(await project.lock()).flatMap(([place, { engines }]) =>
      ["20.19.0", "22.0.0", "24.0.0"]
        .filter((node) => !satisfies(node, engines?.node ?? "*"))
        .map((node) => `${place} refuses ${node}`),
    );
    expect(refusals).toEqual([]);
  });

  test("serve a page, to which a service, a worker and a page of one's own belong", async () => {
    await using server = await createProject("server", registry);
    await using service = await createProject("service", registry);
    await using worker = await createProject("worker", registry);
    await using page = await createProject("vite-react", registry);
    await Promise.all([service.build(), worker.build()]);
    await page.build();
    const port = await freePort();
    const pageUrl = `http://127.0.0.1:${port}`;
    const environment = { JWT_SECRET: testSecret, CORS_ORIGINS: pageUrl };
    const jobwire = ["node_modules/.bin/jobwire", "serve", "--port", "0", "--data", "off"];
    await using running = server.start(jobwire, environment);
    const url = await addressIn(running, /Jobwire listens on (\S+)/);
    expect(await (await fetch(url)).text()).toContain("<title>Jobwire</title>");

    const tokenOf = (sub: string, role: "user" | "service") => signTestToken({ sub, role });
    const asWorker = { JOBWIRE_URL: url, JOBWIRE_TOKEN: await tokenOf("worker", "service") };
    await using working = worker.start(["out/main.js"], asWorker);
    await working.until((line) => line === "working");
    const token = await tokenOf("ana", "user");
    await using following = service.start(["out/main.js"], { JOBWIRE_URL: url, JOBWIRE_TOKEN: token });
    expect(await following.until((line) => line.startsWith("followed"))).toBe(
      "followed queued starting scaffold code deps checks ready",
    );

    await using client = createJobwireClient({ url, token });
    const { items } = await client.trpc.jobs.list.query({});
    const preview = ["node_modules/.bin/vite", "preview", "--host", "127.0.0.1", "--port", String(port)];
    await using previewing = page.start(preview, {});
    await previewing.until((line) => line.includes(String(port)));
    const address = `${pageUrl}/?server=${encodeURIComponent(url)}&job=${items[0]?.id}#${token}`;
    await using browser = await openPage(address);
    await browser.shows("ready");
  });

  test.each(["hono", "fastify"])("are mounted in %s", async (name) => {
    await using project = await createProject(name, registry);
    await project.build();
    await using running = project.start(["out/main.js"]);
    const url = await addressIn(running, /Listens on (\S+)/);
    const placed = await post(`${url}/trpc/place`, { orderId: "one", total: 40 });
    expect(placed.status).toBe(200);
    const input = encodeURIComponent(JSON.stringify({ orderId: "one" }));
    const stream = await fetch(`${url}/trpc/events?input=${input}`, {
      headers: { accept: "text/event-stream" },
    });
    expect(stream.headers.get("content-type")).toContain("text/event-stream");
    expect(eventsIn(await stream.text())).toEqual(["order.placed", "order.shipped"]);
  });

  test("are used in Next.js: by a server component, a client component and route handlers", async () => {
    await using project = await createProject("next", registry);
    await project.build();
    await using running = project.start(["node_modules/.bin/next", "start", "-H", "127.0.0.1", "-p", "0"]);
    const url = await addressIn(running, /(http:\/\/127\.0\.0\.1:\d+)/);
    const publish = (event: unknown) => post(`${url}/api/orders`, { orderId: "one", event });
    expect(await (await publish({ type: "order.placed", total: 40 })).json()).toMatchObject({
      id: expect.any(String),
    });
    await using browser = await openPage(`${url}/orders/one`);
    await browser.shows("placed");
    expect(await (await fetch(`${url}/orders/one`)).text()).toContain("Order over 40");
    await publish({ type: "order.shipped" });
    await browser.shows("shipped");
  });

  test("run as plain JavaScript", async () => {
    await using project = await createProject("plain", registry);
    await using program = project.start(["main.js"]);
    expect(await program.exited).toBe(0);
    expect(program.lines).toContain("order.placed order.shipped");
  });
});

async function addressIn(process: SpawnedProcess, pattern: RegExp): Promise<string> {
  const line = await process.until((text) => pattern.test(text));
  return pattern.exec(line)?.[1] ?? "";
}

function post(url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

function eventsIn(stream: string): string[] {
  return [...stream.matchAll(/^data: \{"type":"([^"]+)"/gm)].map(([, type = ""]) => type);
}

/** A page in Chromium, and what its element with the role `status` says. */
async function openPage(url: string) {
  const browser = await launchChromium(findChromium() ?? "chromium");
  const page = await browser.newPage();
  await page.goto(url);
  return {
    shows: (status: string) =>
      page.getByRole("status").filter({ hasText: status }).waitFor({ timeout: minutes }),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
