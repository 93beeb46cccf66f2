import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Loaded into servers, or servers themselves: compiled too, so that their processes need no compiler. */
const helpers = [
  "test/faults/support/memory-probe.ts",
  "test/support/clock-shift.ts",
  "test/support/stop-beside-dead.ts",
  "test/faults/topics/program.ts",
] as const;
const helperFolder = "test/dist/programs";

/** The compiled one of a helper, from the root of the repository. */
export function helperProgram(source: (typeof helpers)[number]): string {
  return `./${helperFolder}/${source.replace(/^test\//, "").replace(/ts$/, "js")}`;
}

/** Programs that tests start are run as they are shipped: compiled, once for all tests of a run. */
export default async function buildPrograms(): Promise<void> {
  await promisify(execFile)("node_modules/.bin/tsc", ["--build", "shared", "server", "client"], {
    cwd: root,
  });
  await build({
    absWorkingDir: root,
    entryPoints: [...helpers],
    outdir: helperFolder,
    outbase: "test",
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
  });
}
