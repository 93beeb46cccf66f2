/** What a framework's bundler does with `"use client"`. */
import { readFile } from "node:fs/promises";
import { build, type Plugin } from "esbuild";

/** Modules that run in the browser, by path. */
export type ClientModules = Map<string, string>;

/** In place of a module that says `"use client"` the server has references to what it exports. */
export function referToClientModules(found: ClientModules): Plugin {
  return {
    name: "use-client",
    setup({ onLoad }) {
      onLoad({ filter: /\.[jt]sx?$/ }, async ({ path }) => {
        if (!(await readFile(path, "utf8")).startsWith('"use client"')) return null;
        const id = `module${found.size}`;
        found.set(path, id);
        const references = (await exportsOf(path)).map(
          (name) => `export const ${name} = createClientReference(${JSON.stringify(id)}, "${name}", []);`,
        );
        const from = "react-server-dom-parcel/server.node";
        return { contents: [`import { createClientReference } from "${from}";`, ...references].join("\n") };
      });
    },
  };
}

/** The modules themselves, where React looks for what a reference names. */
export function clientRegistry(found: ClientModules): string {
  const entries = [...found];
  return [
    ...entries.map(([path, id]) => `import * as ${id} from ${JSON.stringify(path)};`),
    `const modules = { ${entries.map(([, id]) => id).join(", ")} };`,
    "globalThis.parcelRequire = (id) => modules[id];",
  ].join("\n");
}

async function exportsOf(path: string): Promise<readonly string[]> {
  const { metafile } = await build({
    entryPoints: [path],
    write: false,
    metafile: true,
    format: "esm",
    outdir: "/",
  });
  return Object.values(metafile.outputs).flatMap((output) => output.exports);
}
