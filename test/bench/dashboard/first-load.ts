import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** When the limit was set. */
const beforeBytes = 112_651;
const limitBytes = 120 * 1024;

/** The scripts that the document asks for, as they are sent to a browser that takes gzip. */
export async function measureFirstLoad(folder: string): Promise<string> {
  const document = await readFile(join(folder, "index.html"), "utf8");
  const paths = [...document.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map(([, path = ""]) => path);
  const sizes = await Promise.all(paths.map(async (path) => (await stat(join(folder, `${path}.gz`))).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return `first load: ${kib(bytes)} of script gzipped (${kib(beforeBytes)} before; limit ${kib(limitBytes)})`;
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
