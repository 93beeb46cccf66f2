import { readFileSync } from "node:fs";

/** What of Jobwire can be imported, with its page of the reference. */
export interface Entry {
  /** As an import has it: `@jobwire/server/topics`. */
  readonly name: string;
  /** Its file, from the root of the repository: `server/src/topics/index.ts`. */
  readonly source: string;
  /** Its page on the site: `/docs/reference/server/topics`. */
  readonly link: string;
}

/** Each module that the packages export. */
export const entries: readonly Entry[] = ["shared", "server", "client"].flatMap(entriesOf);

function entriesOf(folder: string): readonly Entry[] {
  const text = readFileSync(new URL(`../../${folder}/package.json`, import.meta.url), "utf8");
  const manifest = JSON.parse(text) as {
    readonly name: string;
    readonly exports: Readonly<Record<string, string | { readonly "@jobwire/source": string }>>;
  };
  return Object.entries(manifest.exports).flatMap(([path, target]) => {
    // Files that are read and not imported.
    if (typeof target === "string") return [];
    const name = manifest.name + path.slice(1);
    return {
      name,
      source: folder + target["@jobwire/source"].slice(1),
      link: name.replace("@jobwire", "/docs/reference"),
    };
  });
}
