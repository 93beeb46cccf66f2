import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, realpath, rm, symlink } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
export const root = fileURLToPath(new URL("../..", import.meta.url));
const modules = join(root, "node_modules");

export const packageNames = ["shared", "server", "client"] as const;
type PackageName = (typeof packageNames)[number];

export interface PackedPackages extends AsyncDisposable {
  readonly tarballs: Readonly<Record<PackageName, string>>;
}

/**
 * The packages as they are published, from a copy: packing builds anew, and programs of other tests run from the builds in the
 * working copy. With `asBuilt` these are packed, and only the dashboard is built, which takes half the time.
 */
export async function packPackages({ asBuilt = false } = {}): Promise<PackedPackages> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "jobwire-pack-")));
  await cp(join(root, "tsconfig.base.json"), join(folder, "tsconfig.base.json"));
  await linkModules(folder);
  for (const name of packageNames) {
    await cp(join(root, name), join(folder, name), {
      recursive: true,
      filter: (path) =>
        !/\/(node_modules|dashboard\/dist|server\/dist\/dashboard)$/.test(path) &&
        (asBuilt ? hasSource(path) : !path.endsWith("/dist")),
    });
    await linkOwnModules(name, join(folder, name));
    await symlink(join(folder, name), join(folder, "node_modules/@jobwire", name));
  }
  if (asBuilt) await run("npm", ["run", "build:dashboard"], { cwd: join(folder, "server") });
  const pack = async (name: PackageName) => {
    const args = ["pack", "--silent", "--pack-destination", folder, ...(asBuilt ? ["--ignore-scripts"] : [])];
    const { stdout } = await run("npm", args, { cwd: join(folder, name) });
    return join(folder, stdout.trim());
  };
  return {
    tarballs: { shared: await pack("shared"), server: await pack("server"), client: await pack("client") },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A build that is older than the sources may have files of sources that are gone. */
function hasSource(path: string): boolean {
  const [, folder = "", name] = /^(.*)\/dist\/(.*?)(?:\.d)?\.(?:ts|js)(?:\.map)?$/.exec(path) ?? [];
  return name === undefined || [".ts", ".tsx"].some((ending) => existsSync(`${folder}/src/${name}${ending}`));
}

/** What is in a folder where somebody has installed the packages: no registry is asked. */
export async function installPacked({ tarballs }: PackedPackages): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "jobwire-packed-")));
  await linkModules(folder);
  for (const name of packageNames) {
    const installed = join(folder, "node_modules/@jobwire", name);
    await mkdir(installed);
    await linkOwnModules(name, installed);
    await run("tar", ["-xzf", tarballs[name], "--strip-components=1", "-C", installed]);
  }
  return folder;
}

/** All that is installed but Jobwire itself. */
async function linkModules(folder: string): Promise<void> {
  await mkdir(join(folder, "node_modules/@jobwire"), { recursive: true });
  for (const name of await readdir(modules))
    if (name !== "@jobwire") await symlink(join(modules, name), join(folder, "node_modules", name));
}

/** Where two packages want other versions of one, each has its own. */
async function linkOwnModules(name: PackageName, folder: string): Promise<void> {
  const own = join(root, name, "node_modules");
  if (existsSync(own)) await symlink(own, join(folder, "node_modules"));
}
