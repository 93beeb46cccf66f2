import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Dirent } from "node:fs";

export interface FolderEntry {
  /** Below the listed folder, with forward slashes. */
  readonly path: string;
  readonly kind: "folder" | "file" | "link" | "other";
}

/** Everything in a folder at any depth, each folder before what is in it; without `node_modules` and `.git`. */
export async function* listFolder(root: string, below = ""): AsyncGenerator<FolderEntry> {
  const entries = await readdir(join(root, below), { withFileTypes: true });
  for (const entry of entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    if (leftOut.has(entry.name)) continue;
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    const kind = kindOf(entry);
    yield { path, kind };
    if (kind === "folder") yield* listFolder(root, path);
  }
}

const leftOut: ReadonlySet<string> = new Set(["node_modules", ".git"]);

function kindOf(entry: Dirent): FolderEntry["kind"] {
  if (entry.isDirectory()) return "folder";
  if (entry.isFile()) return "file";
  return entry.isSymbolicLink() ? "link" : "other";
}
