import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build, type Plugin } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What tests start as processes of their own, or load into these. */
const sources = [
  "client/src/cli/main.ts",
  "server/src/main.ts",
  "examples/build-worker/main.ts",
  "test/client/memory/link-process.ts",
  "test/contract/file-writer.ts",
  "test/faults/support/memory-probe.ts",
  "test/faults/topics/program.ts",
  "test/integration/flooding-worker.ts",
  "test/sse/support/vanish-process.ts",
  "test/streams/crowd-process.ts",
  "test/support/clock-shift.ts",
  "test/support/stop-beside-dead.ts",
] as const;
const folder = "test/dist/programs";

/** The built one, from the root of the repository. */
export function builtProgram(source: (typeof sources)[number]): string {
  return `./${folder}/${source.replace(/ts$/, "js")}`;
}

/** What the packages export, and the programs. */
export default async function buildPrograms(): Promise<void> {
  await promisify(execFile)("node_modules/.bin/tsc", ["--build", "shared", "server", "client"], {
    cwd: root,
  });
  await bundlePrograms(sources, folder);
}

/** Programs of one file each with all they import: they start in a third of the time. */
export async function bundlePrograms(entryPoints: readonly string[], outdir: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: [...entryPoints],
    outdir,
    outbase: ".",
    bundle: true,
    conditions: ["@jobwire/source"],
    platform: "node",
    format: "esm",
    target: "node20",
    // It finds what was compiled for this machine beside itself.
    external: ["classic-level"],
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`,
    },
    plugins: [filesBesideSources],
  });
}

/** Modules of packages find files by where they are themselves. */
const filesBesideSources: Plugin = {
  name: "files-beside-sources",
  setup({ onLoad }) {
    onLoad({ filter: /\/(client|server)\/src\/.*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const contents = text.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path)));
      return { contents, loader: "ts" };
    });
  },
};
