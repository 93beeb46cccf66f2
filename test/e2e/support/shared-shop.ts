import { afterAll, beforeAll } from "vitest";
import type { GivenBrowser } from "./browser.js";
import { openShop, type Shop } from "./shop.js";

/** One server for all tests of a file; each has users of its own. To be called where tests are defined. */
export function shareShop(
  given: GivenBrowser,
  environment: Readonly<Record<string, string>> = {},
): { readonly shop: Shop } {
  let shop: Shop | undefined;
  beforeAll(async () => {
    shop = await openShop(given.dashboard, environment);
  });
  afterAll(() => shop?.[Symbol.asyncDispose]());
  return {
    get shop() {
      if (!shop) throw new Error("The server is there in tests only.");
      return shop;
    },
  };
}
