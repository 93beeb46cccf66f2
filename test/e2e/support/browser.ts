import type { Browser } from "playwright-core";
import { beforeAll, describe, inject } from "vitest";
import { findChromium, sharedChromium } from "../../sse/support/chromium.js";

/** A browser, and the folder of the built dashboard. */
export interface GivenBrowser {
  readonly browser: Browser;
  readonly dashboard: string;
}

/** Generous, for a machine that does other things besides. */
const patienceMs = 180_000;

/** Defines tests that look at the dashboard in Chromium; skipped, and said so, where there is none. */
export function describeInBrowser(title: string, define: (given: GivenBrowser) => void): void {
  const executablePath = findChromium();
  if (executablePath === undefined)
    process.stdout.write("No chromium on the PATH: tests in a browser are skipped.\n");
  describe.skipIf(executablePath === undefined)(title, { timeout: patienceMs }, () => {
    let browser: Browser | undefined;
    beforeAll(async () => {
      browser = await sharedChromium(executablePath ?? "");
    }, patienceMs);
    define({
      get browser() {
        if (!browser) throw new Error("The browser is there in tests only.");
        return browser;
      },
      dashboard: inject("dashboard"),
    });
  });
}
