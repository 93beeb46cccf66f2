import { constants } from "node:fs";
import { access, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { CommandError, runCommand } from "@jobwire/client/worker";
import { commandEnvironment } from "./command-environment.js";
import type { PictureSize } from "./file-list-picture.js";
import { serveFolder } from "./serve-folder.js";

/**
 * The folder's index.html as Chromium shows it.
 * @returns a PNG picture; `null` when this machine has no Chromium or it could not take one.
 */
export async function takeScreenshot(
  folder: string,
  { width, height }: PictureSize,
  signal: AbortSignal,
): Promise<Buffer | null> {
  const chromium = await findChromium();
  if (chromium === null) return null;
  await using site = await serveFolder(folder);
  const scratch = await mkdtemp(join(tmpdir(), "jobwire-screenshot-"));
  try {
    const picture = join(scratch, "page.png");
    const args = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--no-first-run",
      "--hide-scrollbars",
      `--user-data-dir=${join(scratch, "profile")}`,
      `--window-size=${width},${height}`,
      `--screenshot=${picture}`,
      site.url,
    ];
    const command = { file: chromium, args, cwd: scratch, env: commandEnvironment(process.env), timeoutMs };
    await runCommand(command, { signal, write: async () => {} });
    return await readFile(picture);
  } catch (error) {
    signal.throwIfAborted();
    // The picture is a courtesy: the build stands without it.
    if (error instanceof CommandError) return null;
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
  }
}

const timeoutMs = 20_000;

async function findChromium(): Promise<string | null> {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  for (const name of ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]) {
    for (const folder of folders) {
      const path = join(folder, name);
      const isProgram = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (isProgram) return path;
    }
  }
  return null;
}
