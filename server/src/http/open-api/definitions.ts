import { sendToSessionInputSchema, timestampSchema } from "@jobwire/shared";
import { z } from "zod";

export type JsonSchema = z.core.JSONSchema.BaseSchema;
export type Definitions = Readonly<Record<string, JsonSchema>>;

export interface Dialect {
  readonly target: "draft-07" | "draft-2020-12";
  /** Where references point: `#/$defs/`. */
  readonly prefix: string;
}

/** Whatever a session message carries. */
const json = sendToSessionInputSchema.shape.data;

/** Each schema under its name, as it looks on the wire; one that is named is referred to by the others. */
export function toDefinitions(
  named: ReadonlyMap<string, z.ZodType>,
  { target, prefix }: Dialect,
): Definitions {
  const registry = z.registry<{ id: string }>();
  // By its name: zod would spell out what any JSON is, in a place that nothing can refer to.
  registry.add(json, { id: "Json" });
  for (const [id, schema] of named) if (!registry.has(schema)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    target,
    // The wire, not what a reader makes of it: timestamps are text, defaults need not be sent, and objects may have
    // fields that this version does not know.
    io: "input",
    unrepresentable: "any",
    uri: (id) => prefix + id,
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema === timestampSchema) replace(jsonSchema, { type: "string", format: "date-time" });
      if (zodSchema === json) replace(jsonSchema, {});
    },
  });
  const definitions = [...named, ["Json", json] as const].map(([id, schema]): [string, JsonSchema] => {
    const { $schema: _schema, $id: _id, ...definition } = schemas[registry.get(schema)?.id ?? id] ?? {};
    return [id, definition];
  });
  return Object.fromEntries(definitions);
}

function replace(schema: JsonSchema, replacement: JsonSchema): void {
  for (const key of Object.keys(schema)) delete schema[key];
  Object.assign(schema, replacement);
}
