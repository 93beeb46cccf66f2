import { execFile } from "node:child_process";
import { cp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startRedis } from "../support/redis-server.js";
import { spawnProcess, startProcess } from "../support/server-process.js";
import { installPacked, packageNames, packPackages, root } from "./packed-packages.js";

const run = promisify(execFile);
const compiler = join(root, "node_modules/.bin/tsc");
const timeout = 120_000;

/** What a user has who has installed the packed packages in an empty folder. */
let folder = "";
beforeAll(async () => {
  await using packed = await packPackages({ asBuilt: true });
  folder = await installPacked(packed);
  await cp(join(root, "test/packages/packed-program.tsx"), join(folder, "main.tsx"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  const compilerOptions = {
    target: "es2022",
    module: "nodenext",
    jsx: "react-jsx",
    outDir: "out",
    types: ["node"],
    lib: ["es2023", "dom", "dom.iterable", "esnext.disposable"],
    strict: true,
    skipLibCheck: false,
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["main.tsx"] }));
}, timeout);
afterAll(() => rm(folder, { recursive: true, force: true }));

test(
  "an own topic of somebody who installs the packages compiles, libraries included",
  { timeout },
  async () => {
    const compiling = run(compiler, [], { cwd: folder });
    const said = compiling.then(
      ({ stdout }) => stdout,
      ({ stdout }: { stdout: string }) => stdout,
    );
    expect(await said).toBe("");
  },
);

test.each(["memory", "redis"] as const)("and runs from end to end (%s)", { timeout }, async (store) => {
  await using redis = store === "redis" ? await startRedis() : null;
  const env = { PATH: process.env.PATH, ...(redis && { REDIS_URL: redis.url }) };
  const { stdout } = await run(process.execPath, ["out/main.js"], { cwd: folder, env });
  expect(JSON.parse(stdout)).toEqual({
    watched: ["order.placed", "order.noted", "order.delivered"],
    resumed: ["order.noted", "order.delivered"],
    gap: { type: "stream.gap", topic: "order", snapshot: { status: "delivered", total: 1 } },
    plain: ["order.placed", "order.noted", "order.delivered"],
    merged: 3,
    counts: { "status/delivered": 1 },
  });
});

describe.each(packageNames)("the package of %s", (name) => {
  const packageFolder = () => join(folder, "node_modules/@jobwire", name);
  const read = async (path: string) =>
    JSON.parse(await readFile(join(packageFolder(), path), "utf8")) as unknown;

  test("has what runs and its sources, but no tests, no builder's notes and not the dashboard's sources", async () => {
    const own = (await filesIn(packageFolder())).filter((path) => !path.startsWith("node_modules"));
    const rooms = new Set(own.map((path) => path.replace(/\/.*/, "/")));
    const expected = ["AGENTS.md", "LICENSE", "README.md", "dist/", "llms.txt", "package.json", "src/"];
    expect([...rooms].toSorted()).toEqual(
      name === "client" ? [...expected, "fixtures/"].toSorted() : expected,
    );
    expect(own.filter((path) => /\.test\.|\.tsbuildinfo$|tsconfig|vite\.config/.test(path))).toEqual([]);
  });

  test("maps every compiled file to a source that is in it", async () => {
    const files = await filesIn(packageFolder());
    const compiled = files.filter((path) => /^dist\/(?!dashboard\/).*\.js$/.test(path));
    expect(compiled.length).toBeGreaterThan(20);
    for (const path of compiled) {
      const { sources } = (await read(`${path}.map`)) as { sources: string[] };
      const shipped = sources.map((source) =>
        relative(packageFolder(), resolve(packageFolder(), path, "..", source)),
      );
      expect(files, path).toEqual(expect.arrayContaining(shipped));
    }
  });

  test("says whose it is, what it is and what of it has side effects", async () => {
    expect(await read("package.json")).toMatchObject({
      name: `@jobwire/${name}`,
      license: "MIT",
      engines: { node: ">=20.19" },
      description: expect.any(String),
      homepage: expect.stringMatching(/^https:/),
      bugs: expect.stringMatching(/^https:/),
      repository: { type: "git", directory: name },
      keywords: expect.arrayContaining(["typescript"]),
      sideEffects: name === "client" ? ["./dist/testing/vitest.js", "./src/testing/vitest.ts"] : false,
    });
  });
});

test("`jobwire serve` shows the page, with what it loads and the licences of what is in it", async () => {
  const program = join(folder, "node_modules/@jobwire/client/dist/cli/main.js");
  await using server = await startProcess(process.execPath, [program, "serve", "--data", "off"], {});
  expect(await server.until((line) => line.includes("page"))).toMatch(/page +http:\S+\/#code=\S+$/);
  await expectPage(server.url);
  const licences = join(folder, "node_modules/@jobwire/server/dist/dashboard/licenses.md");
  expect(await readFile(licences, "utf8")).toContain("## react - ");
});

test("jobwire-server shows it too, unless it is told not to", async () => {
  const program = join(folder, "node_modules/@jobwire/server/dist/main.js");
  await using server = await startProcess(process.execPath, [program], {});
  await expectPage(server.url);
  await using bare = await startProcess(process.execPath, [program, "--no-dashboard", "--no-worker"], {
    JOBWIRE_WORKER: "on",
  });
  expect((await fetch(bare.url)).status).toBe(404);
});

test("plain JavaScript without a compiler publishes, and follows what it published", async () => {
  await cp(join(root, "test/registry/projects/plain/main.js"), join(folder, "plain.js"));
  await using program = spawnProcess(process.execPath, [join(folder, "plain.js")], {});
  expect(await program.exited).toBe(0);
  expect(program.lines).toContain("order.placed order.shipped");
});

async function expectPage(url: string): Promise<void> {
  const page = await fetch(url);
  expect(page.headers.get("content-type")).toContain("text/html");
  const assets = [...(await page.text()).matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(
    ([, path]) => path,
  );
  expect(assets.length).toBeGreaterThan(1);
  for (const path of assets) expect((await fetch(`${url}${path}`)).status, path).toBe(200);
}

async function filesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)));
}
