import { readFile } from "node:fs/promises";
import { compareSchemas, type SchemaChange, type SchemaDocument } from "@jobwire/client/testing";
import { createDocuments, releasedFolder, schemaFiles } from "./documents.js";

const directions = { "events.schema.json": "sent", "inputs.schema.json": "received" } as const;

/** How the contract of the sources differs from that of the last release. */
export async function checkCompatibility(): Promise<SchemaChange[]> {
  const documents = await createDocuments();
  const changes = schemaFiles.map(async (name) => {
    const released = await readFile(new URL(name, releasedFolder), "utf8");
    return compareSchemas(parse(released), parse(documents[name] ?? ""), directions[name]);
  });
  return (await Promise.all(changes)).flat();
}

function parse(text: string): SchemaDocument {
  return JSON.parse(text) as SchemaDocument;
}
