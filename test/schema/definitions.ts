import { timestampSchema } from "@jobwire/shared";
import { z } from "zod";
import { inputs, json, states, streams, type EventOption } from "./contract.js";

type JsonSchema = z.core.JSONSchema.BaseSchema;
type Definitions = Readonly<Record<string, JsonSchema>>;

export interface Dialect {
  readonly target: "draft-07" | "draft-2020-12";
  /** Where references point: `#/$defs/`. */
  readonly prefix: string;
}

/** The events by their type, the union of each stream, and the states. */
export function eventDefinitions(dialect: Dialect): Definitions {
  const named = new Map<string, z.ZodType>(Object.entries(states));
  for (const { definition, event, gap } of streams) {
    named.set(definition, event);
    for (const option of event.options) named.set(nameOf(option, gap), option);
  }
  return toDefinitions(named, dialect);
}

/** The input of each procedure by its name in the API. */
export function inputDefinitions(dialect: Dialect): Definitions {
  const rooms: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> = inputs;
  const named = new Map<string, z.ZodType>();
  for (const [room, procedures] of Object.entries(rooms)) {
    for (const [name, schema] of Object.entries(procedures)) named.set(`${room}.${name}`, schema);
  }
  return toDefinitions(named, dialect);
}

/** The type of the event; a gap is named after its stream. */
export function nameOf(option: EventOption, gap: string): string {
  const event = option instanceof z.ZodObject ? option : option.options[0];
  const type = event?.shape["type"];
  if (!(type instanceof z.ZodLiteral)) throw new Error("An event without a type.");
  return type.value === "stream.gap" ? gap : String(type.value);
}

function toDefinitions(named: ReadonlyMap<string, z.ZodType>, { target, prefix }: Dialect): Definitions {
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
