import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { bundleForBrowser } from "./support/bundle.js";

/** For a browser, minified and gzipped. */
const limits = [
  { what: "without tRPC, zod and superjson", external: ["zod", "superjson", "@trpc/*"], bytes: 10 * 1024 },
  { what: "with tRPC, without zod and superjson", external: ["zod", "superjson"], bytes: 25 * 1024 },
];

test.each(limits)("createJobwireClient and sseLink $what are small", async ({ what, external, bytes }) => {
  const script = await bundleForBrowser(new URL("support/browser-client.ts", import.meta.url), external);
  const size = gzipSync(script, { level: 9 }).length;
  process.stdout.write(`The client ${what}: ${size} bytes.\n`);
  expect(size).toBeLessThanOrEqual(bytes);
});
