import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

/** The blocks of the tutorial, as one program in a folder where the packages are found. */
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(root, "examples/own-events-"));
  const text = await readFile(join(root, "docs/own-events.md"), "utf8");
  const blocks = [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, block = ""]) => block);
  expect(blocks.length).toBeGreaterThan(8);
  await writeFile(join(folder, "main.ts"), blocks.join("\n"));
  const compilerOptions = { noEmit: true, composite: false, customConditions: ["@jobwire/source"] };
  const project = { extends: "../../tsconfig.base.json", compilerOptions, include: ["main.ts"] };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(project));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the tutorial about own events compiles", async () => {
  const compiling = run(join(root, "node_modules/.bin/tsc"), ["--project", folder]);
  const said = compiling.then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );
  expect(await said).toBe("");
});

test("the tutorial about own events runs, and what it says is so", async () => {
  const program = ["--conditions=@jobwire/source", "--import", "tsx", join(folder, "main.ts")];
  expect((await run(process.execPath, program, { cwd: root })).stderr).toBe("");
});
