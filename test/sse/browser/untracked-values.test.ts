import { initTRPC, tracked } from "@trpc/server";
import type { Browser } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { findChromium, sharedChromium, openInBrowser } from "../support/chromium.js";
import { jobwireHandler, trpcHandler } from "../support/handlers.js";
import { aborted } from "../support/waiting.js";

/**
 * A browser gives an event without an id the last id it knows (an `EventSource` for Node does not), and tRPC's client
 * takes an event with an id for a tracked one.
 */

const executablePath = findChromium();
const { router, procedure } = initTRPC.create({ isDev: false });

describe.skipIf(executablePath === undefined)("values without an id among tracked ones, in a browser", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await sharedChromium(executablePath ?? "");
  });

  test.each([trpcHandler, jobwireHandler])(
    "have no id, and the browser comes back after the last tracked one ($name)",
    { timeout: 40_000 },
    async ({ mount }) => {
      const inputs: unknown[] = [];
      const mixed = procedure.input(z.unknown()).subscription(async function* ({ input, signal }) {
        inputs.push(input);
        if (inputs.length === 1) yield tracked("a", "tracked");
        yield "untracked";
        await aborted(signal);
      });
      await using served = await mount({ router: router({ mixed, ok: procedure.query(() => "ok") }) });
      const page = await browser.newPage();
      await page.goto(`${served.url}/ok`);
      const stream = await openInBrowser(page, `${served.url}/mixed`, []);
      await stream.until("message", 2);
      served.server.closeAllConnections();
      const sightings = await stream.until("message", 3);
      await stream.close();
      await page.close();
      expect(sightings.filter(({ name }) => name === "message")).toEqual([
        { name: "message", readyState: 1, data: '"tracked"', id: "a" },
        { name: "message", readyState: 1, data: '"untracked"' },
        { name: "message", readyState: 1, data: '"untracked"' },
      ]);
      expect(inputs).toEqual([undefined, { lastEventId: "a" }]);
    },
  );
});
