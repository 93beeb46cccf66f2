import { test } from "vitest";
import { eventually } from "../sse/support/waiting.js";
import { describeInBrowser } from "./support/browser.js";
import { openShop } from "./support/shop.js";
import { expectNoComplaints, invite } from "./support/visitor.js";
import { scrape } from "../support/metrics.js";

const tabCount = 12;

describeInBrowser("twelve tabs of one browser", (given) => {
  test("all are live at once, over two connections, also after the one that held them is closed or frozen", async () => {
    await using shop = await openShop(given.dashboard);
    const { trpc } = await shop.client("alice");
    const service = await shop.client("metrics", "service");
    await using alice = await invite(given.browser, shop.url, { sub: "alice" });
    const tabs = [];
    for (let count = 0; count < tabCount; count++) tabs.push(await alice.open());
    for (const tab of tabs) await tab.locator(".connection").getByText("Live").waitFor();

    await trpc.jobs.create.mutate({ title: "For all tabs" });
    for (const tab of tabs) await tab.getByRole("link", { name: /^For all tabs/ }).waitFor();
    // The feed, and the session of the browser.
    await eventually(() => countStreams(shop.url)).toBe(2);

    await tabs.shift()?.close();
    await trpc.jobs.create.mutate({ title: "After it was closed" });
    for (const tab of tabs) await tab.getByRole("link", { name: /^After it was closed/ }).waitFor();

    // What is told to the session is seen in every tab, whichever holds its stream.
    await service.trpc.versions.announce.mutate({ version: "7.0.0", changelog: "For everybody." });
    for (const tab of tabs) await tab.getByText("Version 7.0.0 is out.").waitFor();
    await eventually(() => countStreams(shop.url)).toBe(2);

    // All tabs but one are frozen, as far as their pages can tell: it holds the streams.
    const awake = tabs.at(-1);
    const others = tabs.slice(0, -1);
    for (const tab of others) await tab.evaluate(sayToPage, "freeze");
    await eventually(() => awake?.evaluate(holdsAllStreams)).toBe(true);
    await service.trpc.versions.announce.mutate({ version: "8.0.0", changelog: "For those who are awake." });
    await awake?.getByText("Version 8.0.0 is out.").waitFor();
    for (const tab of others) await tab.evaluate(sayToPage, "resume");
    await trpc.jobs.create.mutate({ title: "After the thaw" });
    for (const tab of tabs) await tab.getByRole("link", { name: /^After the thaw/ }).waitFor();
    await eventually(() => countStreams(shop.url)).toBe(2);
    expectNoComplaints(alice);
  });
});

async function countStreams(url: string): Promise<number> {
  return (await scrape(url)).value("sse_connections_active");
}

// What follows runs in the page.

interface Lock {
  readonly name: string;
  readonly clientId: string;
}

interface Locks {
  request<Answer>(name: string, held: () => Promise<Answer>): Promise<Answer>;
  query(): Promise<{ readonly held: readonly Lock[] }>;
}

/** A lock of its own tells a page which of all locks are its own. */
async function holdsAllStreams(): Promise<boolean> {
  const { locks } = (globalThis as unknown as { readonly navigator: { readonly locks: Locks } }).navigator;
  const mark = `who am I ${Math.random()}`;
  const { held } = await locks.request(mark, () => locks.query());
  const self = held.find(({ name }) => name === mark)?.clientId;
  const streams = held.filter(({ name }) => name.startsWith("jobwire"));
  return streams.length === 2 && streams.every(({ clientId }) => clientId === self);
}

function sayToPage(type: string): void {
  const { document } = globalThis as unknown as { readonly document: EventTarget };
  document.dispatchEvent(new Event(type));
}
