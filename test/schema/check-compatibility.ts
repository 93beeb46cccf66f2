import { readFile } from "node:fs/promises";
import { compareSchemas, type SchemaChange, type SchemaDocument } from "@jobwire/client/testing";
import { createDocuments, releasedFolder, schemaFiles } from "./documents.js";
import { contractOf } from "./open-api.js";

const directions = { "events.schema.json": "sent", "inputs.schema.json": "received" } as const;

/** How the contract of the sources differs from that of the last release. */
export async function checkCompatibility(): Promise<SchemaChange[]> {
  const documents = await createDocuments();
  const changes = schemaFiles.map(async (name) => {
    const released = await readFile(new URL(name, releasedFolder), "utf8");
    return compareDocuments(name, released, documents[name] ?? "");
  });
  return (await Promise.all(changes)).flat();
}

/** What has changed between two versions of one of the documents. */
export function compareDocuments(
  name: (typeof schemaFiles)[number],
  before: string,
  after: string,
): SchemaChange[] {
  if (name !== "openapi.json") return compareSchemas(parse(before), parse(after), directions[name]);
  const [old, current] = [contractOf(before), contractOf(after)];
  return [
    ...compareSchemas(old.received, current.received, "received"),
    ...compareSchemas(old.sent, current.sent, "sent"),
  ];
}

function parse(text: string): SchemaDocument {
  return JSON.parse(text) as SchemaDocument;
}
