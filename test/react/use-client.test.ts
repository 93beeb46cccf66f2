import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const client = fileURLToPath(new URL("../../client/", import.meta.url));
const directive = '"use client";';

/** What a module's text begins with, by its name without the ending. */
async function beginnings(folder: string, ending: RegExp): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(client + folder)).filter((name) => ending.test(name));
  const read = names.map(async (name) => {
    const text = await readFile(`${client}${folder}/${name}`, "utf8");
    return [name.replace(ending, ""), text] as const;
  });
  return new Map(await Promise.all(read));
}

const hooks = /\b(createContext|use[A-Z]\w*|use)\b[^;]*from "react"/;

test("modules with hooks of React say that they are for the browser, also when they are built, and no others do", async () => {
  const sources = await beginnings("src/react", /\.tsx?$/);
  const built = await beginnings("dist/react", /\.js$/);
  const marked = (texts: ReadonlyMap<string, string>) =>
    [...texts].filter(([, text]) => text.startsWith(directive)).map(([name]) => name);
  const wanted = [...sources].filter(([, text]) => hooks.test(text)).map(([name]) => name);
  expect(wanted.length).toBeGreaterThanOrEqual(8);
  expect(marked(sources).toSorted()).toEqual(wanted.toSorted());
  expect(marked(built).toSorted()).toEqual(marked(sources).toSorted());
});
