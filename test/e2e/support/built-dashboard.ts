import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../../..", import.meta.url));

export interface BuiltDashboard extends AsyncDisposable {
  readonly folder: string;
}

/** The dashboard as it is in the working copy, in a folder of its own. */
export async function buildDashboard(): Promise<BuiltDashboard> {
  const folder = await mkdtemp(join(tmpdir(), "jobwire-dashboard-"));
  const build = ["run", "--silent", "--workspace", "@jobwire/client", "dashboard", "--", "--outDir", folder];
  // As it is published: tests have another environment, with which React would be that of development.
  await promisify(execFile)("npm", build, { cwd: root, env: { ...process.env, NODE_ENV: "production" } });
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
