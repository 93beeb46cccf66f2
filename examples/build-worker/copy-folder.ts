import { copyFile, mkdir, readlink, realpath, symlink } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { listFolder, type FolderEntry } from "./list-folder.js";

export interface CopyOptions {
  readonly from: string;
  /** An existing, empty folder. */
  readonly to: string;
  readonly signal: AbortSignal;
  onCopied(done: number, total: number): void;
}

/**
 * Copies a project without `node_modules` and `.git`.
 * @returns how many files were copied.
 * @throws Error when something in it leads out of the folder or is no file, folder or link; nothing is copied then.
 */
export async function copyFolder({ from, to, signal, onCopied }: CopyOptions): Promise<number> {
  const entries: FolderEntry[] = [];
  for await (const entry of listFolder(from)) {
    signal.throwIfAborted();
    await requireCopyable(from, entry);
    entries.push(entry);
  }
  const total = entries.filter(({ kind }) => kind === "file").length;
  let done = 0;
  for (const { path, kind } of entries) {
    signal.throwIfAborted();
    const target = join(to, path);
    if (kind === "folder") await mkdir(target);
    else if (kind === "link") await symlink(await readlink(join(from, path)), target);
    else {
      await copyFile(join(from, path), target);
      onCopied(++done, total);
    }
  }
  return total;
}

async function requireCopyable(root: string, { path, kind }: FolderEntry): Promise<void> {
  if (kind === "other")
    throw new Error(`${path} is neither a file nor a folder nor a link: the project cannot be copied.`);
  if (kind === "link" && !(await staysInside(root, path))) {
    throw new Error(
      `The link ${path} leads out of the project or nowhere: the project cannot be copied safely.`,
    );
  }
}

/** An absolute link would lead from the copy back to the original. */
async function staysInside(root: string, path: string): Promise<boolean> {
  const link = join(root, path);
  if (isAbsolute(await readlink(link))) return false;
  const target = await realpath(link).catch(() => null);
  if (target === null) return false;
  const way = relative(await realpath(root), target);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
