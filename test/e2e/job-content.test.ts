import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { eventually } from "../sse/support/waiting.js";
import { describeInBrowser } from "./support/browser.js";
import { driveJob } from "./support/drive-job.js";
import { expectGoodPage } from "./support/page-checks.js";
import { shareShop } from "./support/shared-shop.js";
import { expectNoComplaints, invite } from "./support/visitor.js";

const lineCount = 100_000;
/** As the page has it. */
const heldLines = 200_000;
const allowed = "http://pictures.test";

describeInBrowser("what a job has to say", (given) => {
  const shared = shareShop(given, { PICTURE_ORIGINS: allowed });

  test("a hundred thousand lines of output: linked, searched, coloured, downloaded, and few of them in the document", async () => {
    const job = await driveJob(shared.shop, "alice", "Talkative");
    await job.to("checks");
    const lines = Array.from({ length: lineCount }, (_, index) => `line ${index + 1} says nothing`);
    lines[49_999] = "\u001B[31mthe needle\u001B[39m in the hay";
    lines[79_999] = "another NEEDLE";
    for (let from = 0; from < lineCount; from += 5000)
      await job.write(`${lines.slice(from, from + 5000).join("\n")}\n`);
    await job.to("ready");

    await using visitor = await invite(given.browser, shared.shop.url, { sub: "alice" });
    const page = await visitor.open(`/jobs/${job.id}#L99990`);
    const rows = page.locator(".output-line");
    await rows.getByText("line 99990 says nothing").waitFor();
    expect(await page.locator(".output-line[data-target=true]").textContent()).toBe(
      "99990line 99990 says nothing",
    );
    expect(await rows.count()).toBeLessThan(120);

    const search = page.getByRole("searchbox", { name: "Search the output" });
    await search.fill("needle");
    await page.getByText("1 of 2").waitFor();
    await page.locator(".output-line .ansi-1").getByText("the needle").waitFor();
    await search.press("Enter");
    await page.locator("mark").getByText("NEEDLE").waitFor();
    expect(new URL(page.url()).hash).toBe("#L80000");
    await search.fill("haystack");
    await page.getByText("nothing matches").waitFor();

    await page.getByRole("link", { name: "Line 80000" }).click();
    const downloaded = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download" }).click();
    const text = await readFile(await (await downloaded).path(), "utf8");
    expect(text).toBe(`${lines.join("\n")}\n`);
    expectNoComplaints(visitor);
  });

  test("documents are shown as they were written when what lays them out does not load, and the page stays", async () => {
    const job = await driveJob(shared.shop, "carol", "Written");
    await job.to("checks");
    await job.document("# As it was written", "notes");
    await job.to("ready");
    await using visitor = await invite(given.browser, shared.shop.url, { sub: "carol" });
    await visitor.context.route("**/assets/documentation-*.js", (route) => route.fulfill({ status: 404 }));
    const page = await visitor.open(`/jobs/${job.id}`);
    await page.getByRole("region", { name: "Notes" }).getByText("# As it was written").waitFor();
    expect(await page.getByRole("button", { name: "Re-run" }).isVisible()).toBe(true);
  });

  test("output is followed while one is at its end, and left alone when one reads further up", async () => {
    const job = await driveJob(shared.shop, "bob", "Followed");
    await job.to("checks");
    const write = (name: string) =>
      job.write(Array.from({ length: 100 }, (_, index) => `${name} ${index}\n`).join(""));
    await write("first");
    await using visitor = await invite(given.browser, shared.shop.url, { sub: "bob" });
    const page = await visitor.open(`/jobs/${job.id}`);
    const follow = page.getByRole("button", { name: "Follow" });
    const viewport = page.getByRole("group", { name: "Output" });
    const isAtEnd = () => viewport.evaluate(isScrolledToEnd);
    await page.getByText("first 99").waitFor();
    await eventually(isAtEnd).toBe(true);
    await write("second");
    await page.getByText("second 99").waitFor();
    await eventually(isAtEnd).toBe(true);

    await viewport.focus();
    await page.keyboard.press("Home");
    await page.getByText("first 0", { exact: true }).waitFor();
    expect(await follow.getAttribute("aria-pressed")).toBe("false");
    await write("third");
    await page.getByRole("searchbox", { name: "Search the output" }).fill("third 99");
    await page.getByText("1 of 1").waitFor();
    await page.getByRole("searchbox", { name: "Search the output" }).fill("");
    await follow.click();
    await page.getByText("third 99").waitFor();
    await eventually(isAtEnd).toBe(true);
    expectNoComplaints(visitor);
  });

  test("output that goes on and on is held up to a bound, with the numbers that its lines have", async () => {
    const job = await driveJob(shared.shop, "frank", "Endless");
    await job.to("checks");
    await job.write("1\n");
    await using visitor = await invite(given.browser, shared.shop.url, { sub: "frank" });
    const page = await visitor.open(`/jobs/${job.id}`);
    await page.locator(".output-line").getByText("1", { exact: true }).first().waitFor();
    for (let from = 1; from < heldLines + 1; from += 20_000)
      await job.write(Array.from({ length: 20_000 }, (_, index) => `${from + index + 1}\n`).join(""));
    await page.getByText("50,001 earlier lines are no longer kept.").waitFor();
    const last = page.locator(".output-line").last();
    await eventually(() => last.locator(".output-text").textContent()).toBe(String(heldLines + 1));
    expect(await last.locator(".output-number").textContent()).toBe(String(heldLines + 1));
    expectNoComplaints(visitor);
  });

  test.each([1280, 390])(
    "documents stay in their box, are accessible, and load nothing from the network unasked: %i px",
    async (width) => {
      const job = await driveJob(shared.shop, "carol", "Documented");
      await job.to("checks");
      await job.document(unruly);
      await job.to("ready");
      await using visitor = await invite(given.browser, shared.shop.url, {
        sub: "carol",
        viewport: { width, height: 800 },
      });
      const asked: string[] = [];
      await visitor.context.route(/^http:\/\/(pictures|elsewhere)\.test/, async (route) => {
        asked.push(route.request().url());
        if (route.request().url().endsWith("good.svg"))
          await route.fulfill({ contentType: "image/svg+xml", body: picture });
        else await route.abort();
      });
      const page = await visitor.open(`/jobs/${job.id}`);
      await page.getByRole("img", { name: "allowed" }).waitFor();
      await page.getByText("A picture at elsewhere.test, not loaded").waitFor();
      await eventually(() => page.getByText("This picture does not load").count()).toBe(3);
      await page.getByRole("img", { name: "done" }).waitFor();
      await expectGoodPage(page, "document");
      expect(await page.locator(".prose").evaluate(isWiderThanItsBox)).toBe(false);
      expect(await page.locator(".prose :is(h3, h4, h5, h6)").evaluateAll(readNames)).toEqual([
        "H3",
        "H4",
        "H5",
        "H3",
        "H4",
      ]);
      expect(asked.toSorted()).toEqual([`${allowed}/gone.png`, `${allowed}/good.svg`]);
      expectNoComplaints(visitor);
    },
  );

  test("the event log follows the newest at its end, says when nothing matches, opens detail in place, and is one tab stop", async () => {
    const job = await driveJob(shared.shop, "dave", "Eventful");
    await job.to("code");
    await job.progress(Array.from({ length: 60 }, (_, index) => index));
    await using visitor = await invite(given.browser, shared.shop.url, { sub: "dave" });
    const page = await visitor.open(`/jobs/${job.id}?tab=events`);
    const summary = (text: string) => page.locator(".event-summary").getByText(text, { exact: true });
    await summary("code 59 % · at 59 percent").waitFor();
    const viewport = page.getByRole("group", { name: "Events, oldest first" });
    await eventually(() => viewport.evaluate(isScrolledToEnd)).toBe(true);
    await job.progress(Array.from({ length: 30 }, (_, index) => 60 + index));
    await summary("code 89 % · at 89 percent").waitFor();
    await eventually(() => viewport.evaluate(isScrolledToEnd)).toBe(true);

    const filter = page.getByRole("searchbox", { name: "Filter the events" });
    await filter.fill("no such thing");
    await page.getByText("Nothing matches").waitFor();
    await page.getByRole("button", { name: "Show all events" }).click();

    // Arrows go on from where one is; the next tab stop is beyond the log.
    await filter.focus();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    expect(await page.locator(":focus").getAttribute("class")).toBe("event-row");
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.locator("li[data-index='2'] .event-detail").getByText('"stage": "starting"').waitFor();
    await page.keyboard.press("ArrowUp");
    expect(await page.locator("li[data-index='1'] .event-row:focus").count()).toBe(1);
    await expectGoodPage(page, "events");
    expectNoComplaints(visitor);
  });

  test("the replay takes the whole page back: header, stages, output and events", async () => {
    const job = await driveJob(shared.shop, "erin", "Replayed");
    await job.to("code");
    await job.write("from the code stage\n");
    await job.progress([30]);
    await job.to("checks");
    await job.write("from the checks\n");
    await job.to("ready");
    await using visitor = await invite(given.browser, shared.shop.url, { sub: "erin" });
    const page = await visitor.open(`/jobs/${job.id}?tab=output`);
    await page.getByText("from the checks").waitFor();
    const playhead = page.getByRole("slider", { name: /^Replay/ });
    // Back from stage to stage, on from event to event.
    await playhead.focus();
    await page.keyboard.press("PageDown");
    await page.locator(".job-status").getByText("Running checks").waitFor();
    await page.keyboard.press("PageDown");
    await page.keyboard.press("PageDown");
    await page.locator(".job-status").getByText("Writing code").waitFor();
    await page.keyboard.press("ArrowRight");
    await page.locator(".job-said").getByText("30 % · at 30 percent").waitFor();
    await page.getByText("from the code stage").waitFor();
    expect(await page.getByText("from the checks").count()).toBe(0);
    expect(await page.locator(".timeline li[data-state=to-come]").count()).toBe(3);
    await page.getByText(/^As it was at .* event 8 of 14$/).waitFor();
    await expectGoodPage(page, "replay");

    await page.getByRole("button", { name: "Back to the end" }).click();
    await page.locator(".job-status").getByText("Build complete!").waitFor();
    await page.getByRole("button", { name: "Replay" }).click();
    await page.getByText(/^As it was at/).waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    expectNoComplaints(visitor);
  });
});

const picture = `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><circle cx="10" cy="10" r="9"/></svg>`;

const unruly = `# Top

### Leaves out a level

##### And another

# Again

${"longword".repeat(60)}

\`\`\`
${"one line of code that does not end, ".repeat(20)}
\`\`\`

- ${"inalist".repeat(40)}
  \`\`\`
  ${"code in a list ".repeat(40)}
  \`\`\`
- [x] done
- [ ] not done

| | ${Array.from({ length: 24 }, (_, index) => `column ${index}`).join(" | ")} |
|${"---|".repeat(25)}
| row | ${Array.from({ length: 24 }, (_, index) => `value-${index}`).join(" | ")} |

![allowed](${allowed}/good.svg) ![gone](${allowed}/gone.png) ![elsewhere](http://elsewhere.test/spy.png)
![broken](data:image/png;base64,AAAA) ![relative](./logo.png)

[](https://example.com/without-a-name) and a note[^1]

[^1]: It is here.
`;

// What follows runs in the page.

interface PageElement {
  readonly scrollTop: number;
  readonly scrollHeight: number;
  readonly scrollWidth: number;
  readonly clientHeight: number;
  readonly clientWidth: number;
  readonly tagName: string;
}

function isScrolledToEnd(element: unknown): boolean {
  const { scrollTop, scrollHeight, clientHeight } = element as PageElement;
  return scrollTop > 0 && scrollHeight - scrollTop - clientHeight < 2;
}

function isWiderThanItsBox(element: unknown): boolean {
  const { scrollWidth, clientWidth } = element as PageElement;
  return scrollWidth > clientWidth;
}

function readNames(elements: unknown): readonly string[] {
  return (elements as readonly PageElement[]).map(({ tagName }) => tagName);
}
