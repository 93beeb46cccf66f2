import type { z } from "zod";
import { wireSchemaOf, type JsonDocument } from "./wire-schema.js";

export interface DescribedTopic {
  readonly name: string;
  readonly streamEventSchema: z.ZodType;
  readonly streamInput: z.ZodType;
}

/** As the events look on the wire: dates are ISO 8601 texts. @throws Error that names a field which has no JSON Schema. */
export function jsonSchemaOf({ name, streamEventSchema }: DescribedTopic): JsonDocument {
  return { title: name, ...wireSchemaOf(streamEventSchema, { name, io: "output", target: "draft-2020-12" }) };
}

/**
 * Source: AsyncAPI 3.0.0, with the HTTP bindings 0.3.0. Its schemas are those of JSON Schema draft 7.
 * @throws Error that names a field which has no JSON Schema.
 */
export function asyncApiOf(
  topic: DescribedTopic,
  { address = `/${topic.name}` }: { readonly address?: string } = {},
): JsonDocument {
  const { name, streamEventSchema, streamInput } = topic;
  const event = partOf(streamEventSchema, { name, part: "event", io: "output" });
  const query = partOf(streamInput, { name, part: "query", io: "input" });
  const schemas = { ...event.schemas, ...query.schemas };
  return {
    asyncapi: "3.0.0",
    info: { title: name, version: "1" },
    defaultContentType: "application/json",
    channels: {
      [name]: {
        address,
        description: `Server-Sent Events of one log of ${name}.`,
        messages: {
          event: {
            headers: { type: "object", properties: { id: { type: "string" } } },
            payload: event.schema,
          },
        },
      },
    },
    operations: {
      [name]: {
        action: "send",
        channel: { $ref: `#/channels/${name}` },
        messages: [{ $ref: `#/channels/${name}/messages/event` }],
        bindings: { http: { method: "GET", query: query.schema, bindingVersion: "0.3.0" } },
      },
    },
    ...(Object.keys(schemas).length > 0 && { components: { schemas } }),
  };
}

interface PartOptions {
  readonly name: string;
  readonly part: string;
  readonly io: "input" | "output";
}

/** A schema inside another document: what it refers to stands among that one's components. */
function partOf(schema: z.ZodType, { name, part, io }: PartOptions) {
  const {
    $schema: _schema,
    definitions = {},
    ...own
  } = wireSchemaOf(schema, { name, io, target: "draft-07" });
  const text = JSON.stringify([own, definitions]).replaceAll(
    '"$ref":"#/definitions/',
    `"$ref":"#/components/schemas/${part}.`,
  );
  const [moved, others] = JSON.parse(text) as [JsonDocument, JsonDocument];
  const schemas = Object.entries(others).map(([key, definition]) => [`${part}.${key}`, definition] as const);
  return { schema: moved, schemas: Object.fromEntries(schemas) };
}
