import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Programs that tests start are run as they are shipped: compiled, once for all tests of a run. */
export default async function buildPrograms(): Promise<void> {
  await promisify(execFile)("node_modules/.bin/tsc", ["--build"], { cwd: root });
}
