import { z } from "zod";
import { timestampSchema } from "../timestamp.js";

/** A JSON object, such as a JSON Schema. */
export type JsonDocument = Readonly<Record<string, unknown>>;

export interface WireSchemaOptions {
  /** Of the topic. */
  readonly name: string;
  readonly io: "input" | "output";
  readonly target: "draft-07" | "draft-2020-12";
}

type Path = readonly (string | number)[];

/** What a schema says of the wire. @throws Error that names a field which JSON Schema has no words for. */
export function wireSchemaOf(schema: z.ZodType, { name, io, target }: WireSchemaOptions): JsonDocument {
  let unwritable: { readonly path: Path; readonly type: string }[] = [];
  const document = z.toJSONSchema(schema, {
    io,
    target,
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema, path }) => {
      const { type } = zodSchema._zod.def;
      if (zodSchema === timestampSchema) {
        unwritable = unwritable.filter((part) => !path.every((step, index) => part.path[index] === step));
        for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
      }
      if (zodSchema === timestampSchema || type === "date")
        Object.assign(jsonSchema, { type: "string", format: "date-time" });
      // Readers take fields that a newer version has added.
      if (type === "object" && !("catchall" in zodSchema._zod.def && zodSchema._zod.def.catchall))
        delete jsonSchema.additionalProperties;
      if (Object.keys(jsonSchema).length === 0 && !saysAnything.has(type))
        unwritable.push({ path: [...path], type });
    },
  });
  const [first] = unwritable;
  if (first)
    throw new Error(
      `Topic ${JSON.stringify(name)}: ${partOf(first.path, document)} has no JSON Schema, as it is made by a ${first.type}; give it a type that JSON has`,
    );
  return document;
}

const saysAnything: ReadonlySet<string> = new Set(["any", "unknown"]);
/** Steps of a path that lead to one of several, and not to a field. */
const choices: ReadonlySet<unknown> = new Set(["anyOf", "oneOf", "allOf"]);

/** The part of the definition that a path leads to: of an event of the union, of the state in a gap, or of the key. */
function partOf(path: Path, document: JsonDocument): string {
  const fields: string[] = [];
  for (let index = 0; index < path.length; index++) {
    if (path[index] === "properties") fields.push(String(path[++index]));
    else if (choices.has(path[index])) index += 1;
    else fields.push("[]");
  }
  const [first, option] = path;
  if (first !== "oneOf") return ["key", ...fields].join(".");
  const options = document["oneOf"] as readonly { properties: { type: { const: string } } }[];
  const type = options[Number(option)]?.properties.type.const ?? "";
  if (type === "stream.gap") return ["state", ...fields.slice(1)].join(".");
  return [`events[${JSON.stringify(type)}]`, ...fields].join(".");
}
