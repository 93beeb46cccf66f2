import { z } from "zod";

export type JsonDocument = Readonly<Record<string, unknown>>;

export interface DescribedTopic {
  readonly name: string;
  readonly streamEventSchema: z.ZodType;
  readonly streamInput: z.ZodType;
}

/** As the events look on the wire: dates are ISO 8601 texts. */
export function jsonSchemaOf({ name, streamEventSchema }: DescribedTopic): JsonDocument {
  return { title: name, ...toWireSchema(streamEventSchema) };
}

/** Source: AsyncAPI 3.0.0, with the HTTP bindings 0.3.0. */
export function asyncApiOf(
  topic: DescribedTopic,
  { address = `/${topic.name}` }: { readonly address?: string } = {},
): JsonDocument {
  const { name, streamEventSchema, streamInput } = topic;
  const message = { $ref: `#/channels/${name}/messages/event` };
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
            payload: toWireSchema(streamEventSchema),
          },
        },
      },
    },
    operations: {
      [name]: {
        action: "send",
        channel: { $ref: `#/channels/${name}` },
        messages: [message],
        bindings: {
          http: { method: "GET", query: toWireSchema(streamInput, "input"), bindingVersion: "0.3.0" },
        },
      },
    },
  };
}

function toWireSchema(schema: z.ZodType, io: "input" | "output" = "output"): JsonDocument {
  return z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === "date")
        Object.assign(jsonSchema, { type: "string", format: "date-time" });
    },
  });
}
