import { access } from "node:fs/promises";
import { join } from "node:path";
import { publishableJobEventSchema, type PublishableJobEvent } from "@jobwire/shared";
import { drawFileList } from "./file-list-picture.js";
import { takeScreenshot } from "./screenshot.js";
import { formatFiles, listFiles } from "./source-files.js";

export interface SnapshotOptions {
  /** Of the built project. */
  readonly folder: string;
  readonly name: string;
  readonly signal: AbortSignal;
}

/** Shows what was built: its page as a browser shows it, where there is both, else a picture that lists its files. */
export async function takeSnapshot({ folder, name, signal }: SnapshotOptions): Promise<PublishableJobEvent> {
  const output = await findOutput(folder);
  const files = await listFiles(join(folder, output));
  const place = output === "." ? "" : ` in ${output}`;
  const caption = `Built ${name}: ${formatFiles(files)}${place}`.slice(0, 2000);

  const page = files.some(({ path }) => path === "index.html");
  const screenshot = page ? await takeScreenshot(join(folder, output), pictureSize, signal) : null;
  if (screenshot) {
    const event = snapshotOf("image/png", screenshot, caption);
    if (publishableJobEventSchema.safeParse(event).success) return event;
  }
  return snapshotOf("image/svg+xml", Buffer.from(drawFileList(name, files, pictureSize)), caption);
}

const pictureSize = { width: 1280, height: 800 } as const;

function snapshotOf(mediaType: string, picture: Buffer, caption: string): PublishableJobEvent {
  const url = `data:${mediaType};base64,${picture.toString("base64")}`;
  return { type: "snapshot.updated", url, caption, ...pictureSize };
}

/** Where builds go by custom, the folder with the page first; the whole project when there is none. */
async function findOutput(folder: string): Promise<string> {
  const customary = ["dist", "build", "public", "."];
  for (const output of customary) if (await isThere(join(folder, output, "index.html"))) return output;
  for (const output of customary) if (await isThere(join(folder, output))) return output;
  return ".";
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
