import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Pages whose blocks are one program each, and how many blocks there are at least. */
const pages: readonly (readonly [path: string, blocks: number])[] = [
  ["README.md", 3],
  ["docs/own-events.md", 9],
  ["shared/README.md", 1],
  ["server/README.md", 1],
  ["client/README.md", 1],
];

describe.each(pages)("the program in %s", (page, least) => {
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

  test("runs, and what it says is so", async () => {
    const program = ["--conditions=@jobwire/source", "--import", "tsx", join(folder, "main.ts")];
    expect((await run(process.execPath, program, { cwd: root })).stderr).toBe("");
  });
});
