import { initTRPC, tracked } from "@trpc/server";
import type { Browser } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { findChromium, sharedChromium, openInBrowser } from "../support/chromium.js";
import { jobwireHandler } from "../support/handlers.js";

/** An `EventSource` sends the id it has back in a header, as UTF-8. */

const executablePath = findChromium();
const { router, procedure } = initTRPC.create({ isDev: false });

const ids = [
  "日本語-Ω-ж",
  "café",
  "cafÃ©",
  "🏗️ 建 👩‍👩‍👧",
  "\uFEFFx",
  "a%20b%E6%97%A5%",
  "in the  middle\tof it",
  "data: x: y",
  "a?b&c#d+e",
  "長".repeat(700),
  "last",
];

describe.skipIf(executablePath === undefined)("a native EventSource continues after ids", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await sharedChromium(executablePath ?? "");
  });

  test("of any characters, each event once", { timeout: 40_000 }, async () => {
    const asked: (string | undefined)[] = [];
    const events = procedure
      .input(z.object({ lastEventId: z.string().optional() }).optional())
      .subscription(async function* ({ input }) {
        asked.push(input?.lastEventId);
        const next = input?.lastEventId === undefined ? 0 : ids.indexOf(input.lastEventId) + 1;
        const id = ids[next];
        if (id !== undefined) yield tracked(id, next);
        if (next < ids.length - 1) throw new DOMException("broken", "AbortError");
      });
    await using served = await jobwireHandler.mount({
      router: router({ events, ok: procedure.query(() => "ok") }),
      retryMs: 1,
    });
    const page = await browser.newPage();
    await page.goto(`${served.url}/ok`);
    const stream = await openInBrowser(page, `${served.url}/events`, ["return"]);
    const sightings = await stream.until("return");
    await stream.close();
    await page.close();
    expect(sightings.filter(({ name }) => name === "message").map(({ id }) => id)).toEqual(ids);
    expect(asked.slice(0, ids.length)).toEqual([undefined, ...ids.slice(0, -1)]);
  });
});
