import { z } from "zod";
import type { AppRouter } from "../../app-router.js";
import { toDefinitions, type JsonSchema } from "../open-api/definitions.js";

/** What a procedure takes, as an object in JSON Schema. */
export interface InputFields {
  readonly schema: JsonSchema;
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly string[];
}

/** The schemas that the procedures of the router check their inputs with. */
export function inputsOf(router: AppRouter, procedures: readonly string[]): ReadonlyMap<string, InputFields> {
  const schemas = new Map(procedures.map((name) => [name, inputSchemaOf(router, name)]));
  const definitions = toDefinitions(schemas, {
    target: "draft-2020-12",
    prefix: "#/components/schemas/",
  });
  return new Map(procedures.map((name) => [name, fieldsOf(followed(definitions[name] ?? {}, definitions))]));
}

const nothing = z.strictObject({});

function inputSchemaOf({ _def }: AppRouter, name: string): z.ZodType {
  const procedure: unknown = new Map<string, unknown>(Object.entries(_def.procedures)).get(name);
  if (typeof procedure !== "function" || !("_def" in procedure))
    throw new Error(`There is no procedure ${name}.`);
  const { inputs } = procedureSchema.parse(procedure._def);
  return inputs[0] ?? nothing;
}

/** What tRPC keeps of a procedure; its types do not say so. */
const procedureSchema = z.object({ inputs: z.array(z.instanceof(z.ZodType)).max(1) });

/** Two procedures that take the same share a definition. */
function followed(schema: JsonSchema, definitions: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const name = schema.$ref?.replace("#/components/schemas/", "");
  return name === undefined ? schema : (definitions[name] ?? schema);
}

function fieldsOf(schema: JsonSchema): InputFields {
  const properties: Record<string, JsonSchema> = {};
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    if (typeof property === "object") properties[name] = property;
  return { schema, properties, required: schema.required ?? [] };
}
