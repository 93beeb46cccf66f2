import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { listFolder } from "./list-folder.js";

export interface SourceFile {
  /** Below the folder it is in, with forward slashes. */
  readonly path: string;
  readonly bytes: number;
}

/** The regular files in a folder at any depth, without `node_modules` and `.git`. */
export async function listFiles(folder: string): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for await (const { path, kind } of listFolder(folder)) {
    if (kind === "file") files.push({ path, bytes: (await stat(join(folder, path))).size });
  }
  return files;
}

export interface HashOptions {
  readonly folder: string;
  readonly files: readonly SourceFile[];
  readonly signal: AbortSignal;
  onHashed(done: number, path: string): void;
}

/** @returns one SHA-256 in hex over all paths and contents. */
export async function hashFiles({ folder, files, signal, onHashed }: HashOptions): Promise<string> {
  const all = createHash("sha256");
  for (const [index, { path }] of files.entries()) {
    const one = createHash("sha256");
    await pipeline(createReadStream(join(folder, path)), one, { signal });
    all.update(`${one.digest("hex")}  ${path}\n`);
    onHashed(index + 1, path);
  }
  return all.digest("hex");
}

/** "3 files, 12.3 kB" */
export function formatFiles(files: readonly SourceFile[]): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return `${files.length} ${files.length === 1 ? "file" : "files"}, ${formatBytes(bytes)}`;
}

/** "12.3 kB" */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 999_950 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
