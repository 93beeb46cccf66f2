import { expect, test } from "vitest";
import { describeInBrowser } from "./support/browser.js";
import { openShop } from "./support/shop.js";
import { expectNoComplaints, invite } from "./support/visitor.js";

const tabCount = 12;

describeInBrowser("twelve tabs of one browser", (given) => {
  test("all are live at once, over two connections, also after the one that held them is closed", async () => {
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
    expect(await countStreams(shop.url)).toBe(2);

    await tabs.shift()?.close();
    await trpc.jobs.create.mutate({ title: "After it was closed" });
    for (const tab of tabs) await tab.getByRole("link", { name: /^After it was closed/ }).waitFor();

    // What is told to the session is seen in every tab, whichever holds its stream.
    await service.trpc.versions.announce.mutate({ version: "7.0.0", changelog: "For everybody." });
    for (const tab of tabs) await tab.getByText("Version 7.0.0 is out.").waitFor();
    expect(await countStreams(shop.url)).toBe(2);
    expectNoComplaints(alice);
  });
});

async function countStreams(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^sse_connections_active (\d+)$/m.exec(metrics)?.[1]);
}
