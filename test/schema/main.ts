import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { checkCompatibility } from "./check-compatibility.js";
import { createDocuments, releasedFolder, schemaFiles, schemaFolder } from "./documents.js";

const usage = `Usage: npm run schema [-- --check | --release]

Writes the contract as JSON Schema and AsyncAPI to docs/schema/.

  --check    writes nothing: says what has changed since the last release; fails when a change breaks
             those who use that release
  --release  also makes what is written the last release
`;

const { values } = parseArgs({
  options: { check: { type: "boolean" }, release: { type: "boolean" }, help: { type: "boolean" } },
});
if (values.help) console.log(usage);
else if (values.check) await check();
else await write(values.release === true);

async function write(isRelease: boolean): Promise<void> {
  await mkdir(releasedFolder, { recursive: true });
  for (const [name, text] of Object.entries(await createDocuments())) {
    await writeFile(new URL(name, schemaFolder), text);
  }
  if (!isRelease) return;
  for (const name of schemaFiles) await copyFile(new URL(name, schemaFolder), new URL(name, releasedFolder));
}

async function check(): Promise<void> {
  const changes = await checkCompatibility();
  for (const { kind, path, message } of changes) console.log(`${kind.padEnd(9)} ${path} ${message}`);
  const count = changes.filter(({ kind }) => kind === "breaking").length;
  console.log(`${changes.length} changes since the last release, ${count} of them breaking`);
  if (count > 0) process.exitCode = 1;
}
