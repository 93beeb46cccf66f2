import { build } from "esbuild";

/** A program of the workspace as one script for a browser, without its packages' builds. */
export async function bundleForBrowser(entry: URL, external: readonly string[] = []): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry.pathname],
    bundle: true,
    minify: true,
    write: false,
    format: external.length > 0 ? "esm" : "iife",
    platform: "browser",
    target: "es2022",
    conditions: ["@jobwire/source"],
    external: [...external],
    logLevel: "silent",
  });
  const [script] = outputFiles;
  if (!script) throw new Error(`esbuild made nothing of ${entry.pathname}.`);
  return script.text;
}
