import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** @returns where the picture of a `data:` URL is kept; `null` for another one. */
export async function keepPicture(url: string, title: string): Promise<string | null> {
  const [, type = "", data] = /^data:image\/(png|svg)[^,]*;base64,(.*)$/s.exec(url) ?? [];
  return data === undefined ? null : keep(`${title}.${type}`, Buffer.from(data, "base64"));
}

/** @returns where the text is kept. */
export function keepText(text: string, title: string): Promise<string> {
  return keep(`${title}.txt`, text);
}

/** Shows a file in the browser, where there is one. */
export function openFile(path: string): void {
  const file =
    process.platform === "darwin" ? "open" : process.platform === "win32" ? "explorer" : "xdg-open";
  spawn(file, [path], { stdio: "ignore", detached: true })
    .on("error", () => {})
    .unref();
}

async function keep(name: string, content: string | Buffer): Promise<string> {
  const path = join(tmpdir(), `jobwire-demo-${name.replaceAll(/[^\w.-]+/g, "-")}`);
  await writeFile(path, content);
  return path;
}
