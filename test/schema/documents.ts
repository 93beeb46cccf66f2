import { readFile } from "node:fs/promises";
import { createAsyncApi } from "./async-api.js";
import { streams } from "./contract.js";
import { eventDefinitions, inputDefinitions } from "./definitions.js";
import { fetchOpenApi } from "./open-api.js";

/** Where the documents are checked in. */
export const schemaFolder = new URL("../../docs/schema/", import.meta.url);
/** The documents of the last release. */
export const releasedFolder = new URL("released/", schemaFolder);

export const schemaFiles = ["events.schema.json", "inputs.schema.json", "openapi.json"] as const;

/** Each document by its file name, as text. */
export async function createDocuments(): Promise<Readonly<Record<string, string>>> {
  const dialect = { target: "draft-2020-12", prefix: "#/$defs/" } as const;
  const head = (title: string, description: string) => ({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title,
    description,
  });
  const documents = {
    "events.schema.json": {
      ...head("Jobwire events", "What Jobwire's streams yield, by type, and the states that gaps carry."),
      anyOf: streams.map(({ definition }) => ({ $ref: dialect.prefix + definition })),
      $defs: eventDefinitions(dialect),
    },
    "inputs.schema.json": {
      ...head("Jobwire inputs", "What each procedure takes, as plain JSON."),
      $defs: inputDefinitions(dialect),
    },
    "asyncapi.json": createAsyncApi(await readVersion()),
    "openapi.json": await fetchOpenApi(),
  } satisfies Record<(typeof schemaFiles)[number] | "asyncapi.json", object>;
  return Object.fromEntries(
    Object.entries(documents).map(([name, document]) => [name, `${JSON.stringify(document, null, 2)}\n`]),
  );
}

async function readVersion(): Promise<string> {
  const text = await readFile(new URL("../../shared/package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
