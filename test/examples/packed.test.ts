import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startRedis } from "../support/redis-server.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const modules = join(root, "node_modules");
const timeout = 120_000;

/** What a user has who has installed the packed packages in an empty folder. */
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "jobwire-packed-"));
  await run(join(modules, ".bin/tsc"), ["--build", "shared", "server", "client"], { cwd: root });
  await mkdir(join(folder, "node_modules/@jobwire"), { recursive: true });
  for (const name of await readdir(modules))
    if (name !== "@jobwire") await symlink(join(modules, name), join(folder, "node_modules", name));
  for (const name of ["shared", "server", "client"]) {
    const { stdout } = await run("npm", ["pack", "--silent", "--pack-destination", folder], {
      cwd: join(root, name),
    });
    const installed = join(folder, "node_modules/@jobwire", name);
    await mkdir(installed);
    // Where two packages want other versions of one, each has its own.
    const nested = join(root, name, "node_modules");
    if (existsSync(nested)) await symlink(nested, join(installed, "node_modules"));
    await run("tar", ["-xzf", join(folder, stdout.trim()), "--strip-components=1", "-C", installed]);
  }
  await cp(join(root, "test/examples/packed-program.tsx"), join(folder, "main.tsx"));
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
    const compiling = run(join(modules, ".bin/tsc"), [], { cwd: folder });
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
