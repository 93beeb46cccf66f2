import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasRedisServer, RedisProcess } from "../faults/support/redis-process.js";

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
  { page: "shared/README.md", least: 1 },
  { page: "server/README.md", least: 1 },
  { page: "client/README.md", least: 1 },
];

describe.each(pages)("the program in $page", ({ page, least, needs }) => {
  let folder = "";
  beforeAll(async () => {
    // Where the packages are found.
    folder = await mkdtemp(join(root, "examples/program-"));
    const text = await readFile(join(root, page), "utf8");
    const blocks = [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, block = ""]) => block);
    expect(blocks.length).toBeGreaterThanOrEqual(least);
    await writeFile(join(folder, "main.ts"), blocks.join("\n"));
    const compilerOptions = {
      noEmit: true,
      composite: false,
      jsx: "react-jsx",
      customConditions: ["@jobwire/source"],
    };
    const project = { extends: "../../tsconfig.base.json", compilerOptions, include: ["main.ts"] };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(project));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("compiles", async () => {
    const compiling = run(join(root, "node_modules/.bin/tsc"), ["--project", folder]);
    const said = compiling.then(
      ({ stdout }) => stdout,
      ({ stdout }: { stdout: string }) => stdout,
    );
    expect(await said).toBe("");
  });

  test.skipIf(needs === "redis" && !hasRedisServer())("runs, and what it says is so", async () => {
    await using redis = needs === "redis" ? await RedisProcess.start() : null;
    const program = ["--import", "tsx", join(folder, "main.ts")];
    const env = { ...process.env, ...(redis && { REDIS_URL: `redis://127.0.0.1:${redis.port}` }) };
    expect((await run(process.execPath, program, { cwd: root, env })).stderr).toBe("");
  });
});
