import { readdir, readFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { EventSource } from "eventsource";
import type { Browser } from "playwright-core";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { wordsOf } from "../../examples/chat/chat.js";
import { findChromium, sharedChromium } from "../sse/support/chromium.js";
import { startRedis } from "../support/redis-server.js";
import { spawnProcess } from "../support/server-process.js";

const patience = { timeout: 20_000, interval: 20 };
const chromium = findChromium();

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startExample(name: string, env: Record<string, string> = {}) {
  const port = env.PORT ?? String(await freePort());
  const program = ["--conditions=@jobwire/source", "--import", "tsx", `examples/${name}/main.ts`];
  const started = spawnProcess(process.execPath, program, { ...env, PORT: port });
  await started.until((line) => line.includes(`http://127.0.0.1:${port}`));
  return { ...started, port, url: `http://127.0.0.1:${port}` };
}

/** What an `EventSource` is told, over all its reconnections. */
function read(url: string) {
  const source = new EventSource(url);
  const events: { readonly type: string; readonly word?: string }[] = [];
  source.addEventListener(
    "message",
    ({ data }) => void events.push(JSON.parse(String(data)) as { type: string }),
  );
  return {
    events,
    ended: () => vi.waitFor(() => expect(events.at(-1)?.type).toBe("answer.ended"), patience),
    words: () => events.flatMap(({ word }) => word ?? []),
    [Symbol.dispose]: () => source.close(),
  };
}

function call(url: string, json: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ json }),
  });
}

test.each(["chat", "orders"])("%s has at most 120 lines", async (name) => {
  const folder = fileURLToPath(new URL(`../../examples/${name}/`, import.meta.url));
  const texts = await Promise.all((await readdir(folder)).map((file) => readFile(folder + file, "utf8")));
  expect(texts.join("").split("\n").length - 1).toBeLessThanOrEqual(120);
});

describe("the chat", () => {
  test("says every word once, in order, to two readers, although the server is killed in the middle", async () => {
    await using redis = await startRedis();
    const first = await startExample("chat", { REDIS_URL: redis.url });
    const events = `${first.url}/events?chatId=c`;
    using reader = read(events);
    const question = "why the sky is blue";
    expect((await call(`${first.url}/trpc/ask`, { chatId: "c", question })).status).toBe(200);
    expect((await call(`${first.url}/trpc/ask`, { chatId: "c", question })).status).toBe(409);
    await vi.waitFor(() => expect(reader.words().length).toBeGreaterThan(10), patience);
    using late = read(events);
    await vi.waitFor(() => expect(late.words().length).toBeGreaterThan(10), patience);
    first.send("SIGKILL");
    await first.exited;
    expect(reader.words().length).toBeLessThan(wordsOf(question).length);
    await using _second = await startExample("chat", { REDIS_URL: redis.url, PORT: first.port });
    await Promise.all([reader.ended(), late.ended()]);
    for (const { words } of [reader, late]) expect(words()).toEqual(wordsOf(question));
    using afterwards = read(events);
    await afterwards.ended();
    expect(afterwards.words()).toEqual(wordsOf(question));
  });
});

describe("the orders", () => {
  test("are their customer's alone, and change as the shop's rules say", async () => {
    await using shop = await startExample("orders");
    const [ana, bob] = [{ cookie: "shop=ana" }, { cookie: "shop=bob" }];
    expect((await call(`${shop.url}/trpc/place`, { total: 5 })).status).toBe(401);
    const placed = await call(`${shop.url}/trpc/place`, { total: 5 }, ana);
    const answer = (await placed.json()) as { result: { data: { json: { orderId: string } } } };
    const { orderId } = answer.result.data.json;
    const ship = (headers: Record<string, string>) =>
      call(`${shop.url}/trpc/ship`, { orderId, carrier: "DHL" }, headers);
    expect((await ship(bob)).status).toBe(404);
    expect((await ship(ana)).status).toBe(200);
    expect((await ship(ana)).status).toBe(409);
    const input = encodeURIComponent(JSON.stringify({ json: { orderId } }));
    const refused = await fetch(`${shop.url}/trpc/events?input=${input}`, { headers: bob });
    expect(await refused.text()).toContain("serialized-error");
  });
});

describe.skipIf(chromium === undefined)("the pages (need chromium on the PATH)", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await sharedChromium(chromium ?? "");
  });

  test("of the chat shows an answer as it comes, after a reload and in a second tab", async () => {
    await using chat = await startExample("chat");
    const context = await browser.newContext();
    const tab = await context.newPage();
    await tab.goto(`${chat.url}/#c`);
    await tab.getByRole("status").filter({ hasText: "live" }).waitFor();
    await tab.getByLabel("Question").fill("what this is");
    await tab.getByRole("button", { name: "Ask" }).click();
    await tab.getByText("You asked what this is").waitFor();
    const second = await context.newPage();
    await second.goto(`${chat.url}/#c`);
    await tab.reload();
    const answer = wordsOf("what this is").join(" ");
    for (const page of [tab, second]) await page.getByText(answer).waitFor({ timeout: 20_000 });
    await context.close();
  });

  test("of the orders shows a placed order and that it was shipped", async () => {
    await using shop = await startExample("orders");
    const context = await browser.newContext();
    const tab = await context.newPage();
    await tab.goto(`${shop.url}/login/ana`);
    await tab.getByRole("button", { name: "Place an order" }).click();
    const item = tab.getByRole("listitem").filter({ hasText: "order.placed" });
    const [orderId = ""] = ((await item.textContent()) ?? "").split(":");
    await call(`${shop.url}/trpc/ship`, { orderId, carrier: "DHL" }, { cookie: "shop=ana" });
    await tab.getByRole("listitem").filter({ hasText: "order.shipped" }).waitFor();
    await context.close();
  });
});
