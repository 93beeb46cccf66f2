import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { renderPage } from "../src/render.js";

const source = new URL("../src/", import.meta.url);
const output = new URL("../dist/", import.meta.url);

await rm(output, { recursive: true, force: true });
await mkdir(output);

const template = await readFile(new URL("template.html", source), "utf8");
const harbours = JSON.parse(await readFile(new URL("harbours.json", source), "utf8"));
await writeFile(new URL("index.html", output), renderPage(template, harbours));
console.log(`dist/index.html: ${harbours.length} harbours`);

for (const name of ["style.css", "sort.js"]) {
  await copyFile(new URL(name, source), new URL(name, output));
  console.log(`dist/${name}`);
}
