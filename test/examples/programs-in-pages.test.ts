import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { hasRedisServer, RedisProcess } from "../faults/support/redis-process.js";
import { bundlePrograms } from "../support/build-programs.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Pages whose blocks are one program each, how many blocks there are at least, and what they need. */
const pages: readonly { readonly page: string; readonly least: number; readonly needs?: "redis" }[] = [
  { page: "docs/bullmq.md", least: 5, needs: "redis" },
  { page: "README.md", least: 3 },
  { page: "docs/gateway.md", least: 4 },
  { page: "docs/migration.md", least: 10, needs: "redis" },
  { page: "docs/tracing.md", least: 2 },
  { page: "docs/own-events.md", least: 9 },
  { page: "docs/recipes/chat.md", least: 3 },
  { page: "docs/recipes/live-table.md", least: 3 },
  { page: "docs/recipes/multi-tab.md", least: 2 },
  { page: "docs/recipes/notifications.md", least: 3 },
  { page: "docs/recipes/progress-bar.md", least: 3 },
  { page: "shared/AGENTS.md", least: 1 },
  { page: "server/AGENTS.md", least: 1 },
  { page: "client/AGENTS.md", least: 1 },
  { page: "shared/README.md", least: 1 },
  { page: "server/README.md", least: 1 },
  { page: "client/README.md", least: 1 },
];

/** The folder with all of them. */
let programs = "";
beforeAll(async () => {
  // Where the packages are found.
  programs = await mkdtemp(join(root, "examples/program-"));
  await Promise.all(
    pages.map(async ({ page, least }) => {
      const blocks = await blocksOf(page, "ts");
      expect(blocks.length, page).toBeGreaterThanOrEqual(least);
      await writeFile(join(programs, programOf(page)), blocks.join("\n"));
    }),
  );
  const sources = pages.map(({ page }) => relative(root, join(programs, programOf(page))));
  await bundlePrograms(sources, ".");
});
afterAll(() => rm(programs, { recursive: true, force: true }));

/** Together: the compiler reads what they import once. */
test("the programs in the pages compile", async () => {
  await writeProject(programs, "*.ts", { jsx: "react-jsx" });
  expect(await compile(programs)).toBe("");
});

describe.each(pages)("the program in $page", ({ page, needs }) => {
  test.skipIf(needs === "redis" && !hasRedisServer())("runs, and what it says is so", async () => {
    await using redis = needs === "redis" ? await RedisProcess.start() : null;
    const program = join(programs, programOf(page)).replace(/ts$/, "js");
    const env = { ...process.env, ...(redis && { REDIS_URL: `redis://127.0.0.1:${redis.port}` }) };
    expect((await run(process.execPath, [program], { cwd: root, env })).stderr).toBe("");
  });
});

test("each block of docs/react.md compiles by itself", async () => {
  const folder = await mkdtemp(join(root, "examples/program-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const blocks = await blocksOf("docs/react.md", "tsx");
  expect(blocks.length).toBeGreaterThanOrEqual(10);
  await Promise.all(blocks.map((block, index) => writeFile(join(folder, `block-${index}.tsx`), block)));
  await writeProject(folder, "*.tsx", {
    jsx: "react-jsx",
    lib: ["ES2023", "ES2024.String", "ESNext.Disposable", "DOM"],
  });
  expect(await compile(folder)).toBe("");
});

/** The name of a page's file: `docs-recipes-chat.ts`. */
function programOf(page: string): string {
  return page.replaceAll("/", "-").replace(/md$/, "ts");
}

async function blocksOf(page: string, language: "ts" | "tsx"): Promise<readonly string[]> {
  const text = await readFile(join(root, page), "utf8");
  const marked = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm");
  return [...text.matchAll(marked)].map(([, block = ""]) => block);
}

async function writeProject(folder: string, include: string, options: object = {}): Promise<void> {
  const compilerOptions = {
    noEmit: true,
    composite: false,
    customConditions: ["@jobwire/source"],
    ...options,
  };
  const project = { extends: "../../tsconfig.base.json", compilerOptions, include: [include] };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(project));
}

/** @returns what the compiler says */
function compile(folder: string): Promise<string> {
  return run(join(root, "node_modules/.bin/tsc"), ["--project", folder]).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );
}
