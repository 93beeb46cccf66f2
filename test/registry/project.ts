import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Environment } from "../support/test-server.js";
import { spawnProcess, type SpawnedProcess } from "../support/server-process.js";
import type { LocalRegistry } from "./local-registry.js";

const run = promisify(execFile);
const projects = fileURLToPath(new URL("projects", import.meta.url));

interface LockedPackage {
  readonly engines?: { readonly node?: string };
}

/** An empty folder into which somebody has put a few files and installed what they need. */
export interface Project extends AsyncDisposable {
  readonly folder: string;
  /** What npm said while it installed. */
  readonly installed: string;
  /** What is installed, by its place. */
  lock(): Promise<Readonly<Record<string, LockedPackage>>>;
  /** A script of its `package.json`. */
  build(): Promise<void>;
  start(args: readonly string[], environment?: Environment): SpawnedProcess;
}

/** @param name A folder in `projects/`. */
export async function createProject(name: string, registry: LocalRegistry): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), `jobwire-${name}-`));
  await cp(join(projects, name), folder, { recursive: true });
  const options = { cwd: folder, env: { ...registry.environment, NEXT_TELEMETRY_DISABLED: "1" } };
  const { stdout, stderr } = await run("npm", ["install", "--engine-strict"], options);
  return {
    folder,
    installed: stdout + stderr,
    async lock() {
      const text = await readFile(join(folder, "package-lock.json"), "utf8");
      return (JSON.parse(text) as { packages: Record<string, LockedPackage> }).packages;
    },
    async build() {
      await run("npm", ["run", "build"], options).catch((error: Error & { stdout: string }) => {
        throw new Error(`${name} does not build: ${error.stdout.slice(0, 2000)}`, { cause: error.message });
      });
    },
    start: ([program = "", ...args], environment = {}) =>
      spawnProcess(process.execPath, [join(folder, program), ...args], environment, folder),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
