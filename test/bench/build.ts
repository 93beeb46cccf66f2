import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { compileSendLoop } from "./contenders/send-loop.js";

/** The programs of the other processes, as JavaScript. */
export interface Programs {
  readonly server: string;
  readonly load: string;
  /** Publishes for many, or follows what they publish. */
  readonly fanIn: string;
  /** The server as users start it. */
  readonly jobwire: string;
}

/**
 * Bundles the programs of the other processes, workspace packages from their sources included. What is measured is
 * then what a build ships: a loader that compiles on the fly adds code of its own to every function.
 */
export async function buildPrograms(directory: string): Promise<Programs> {
  const sources = {
    server: new URL("processes/server-process.ts", import.meta.url),
    load: new URL("processes/load-process.ts", import.meta.url),
    fanIn: new URL("scale/fan-in-process.ts", import.meta.url),
    jobwire: new URL("../../server/src/main.ts", import.meta.url),
  } satisfies Record<keyof Programs, URL>;
  await build({
    entryPoints: Object.fromEntries(Object.entries(sources).map(([name, url]) => [name, fileURLToPath(url)])),
    outdir: directory,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@jobwire/source", "module"],
    plugins: [keepPackages],
    logLevel: "warning",
  });
  compileSendLoop(directory);
  const fileOf = (name: keyof Programs) => join(directory, `${name}.mjs`);
  return {
    server: fileOf("server"),
    load: fileOf("load"),
    fanIn: fileOf("fanIn"),
    jobwire: fileOf("jobwire"),
  };
}

const resolving = Symbol("resolving");

/** Packages stay outside of the bundle, found from where they are imported. */
const keepPackages: Plugin = {
  name: "keep-packages",
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^[^./]/ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
      if (path.startsWith("node:") || pluginData === resolving || kind === "entry-point") return undefined;
      const found = await resolve(path, { importer, resolveDir, kind, pluginData: resolving });
      return found.path.includes("/node_modules/") ? { path: found.path, external: true } : found;
    });
  },
};
