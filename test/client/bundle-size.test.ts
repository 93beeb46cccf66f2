import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { buildDashboard } from "../e2e/support/built-dashboard.js";
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

test("the page's first load is at most 120 KB of script", async () => {
  await using dashboard = await buildDashboard();
  const page = await readFile(join(dashboard.folder, "index.html"), "utf8");
  const scripts = [...page.matchAll(/(?:src|href)="\/?(assets\/[^"]+\.js)"/g)].map(([, path = ""]) => path);
  const sizes = await Promise.all(
    scripts.map(async (path) => (await readFile(join(dashboard.folder, `${path}.gz`))).length),
  );
  const size = sizes.reduce((sum, one) => sum + one, 0);
  process.stdout.write(`The page's first load: ${size} bytes of script in ${scripts.length} files.\n`);
  expect(scripts.length).toBeGreaterThan(0);
  expect(size).toBeLessThanOrEqual(120_000);
});
