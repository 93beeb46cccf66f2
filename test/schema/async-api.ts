import { streams, type StreamContract } from "./contract.js";
import { eventDefinitions, nameOf } from "./definitions.js";

type Json = Readonly<Record<string, unknown>>;

/** All streams as AsyncAPI 3, each in tRPC's form and, where there is one, as plain SSE. */
export function createAsyncApi(version: string): Json {
  const forms = streams.flatMap((stream) =>
    stream.plain === undefined ? [trpcForm(stream)] : [trpcForm(stream), plainForm(stream, stream.plain)],
  );
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Jobwire",
      version,
      description:
        "Typed, resumable event streams over Server-Sent Events. What the fields mean: PROTOCOL.md.",
    },
    defaultContentType: "application/json",
    servers: {
      local: {
        host: "127.0.0.1:3000",
        protocol: "http",
        security: [{ $ref: "#/components/securitySchemes/token" }],
      },
    },
    channels: Object.fromEntries(forms.map(({ name, channel }) => [name, channel])),
    operations: Object.fromEntries(forms.map(({ name, operation }) => [name, operation])),
    components: {
      messages: { ...controlMessages, ...Object.fromEntries(streams.flatMap(messagesOf)) },
      schemas: eventDefinitions({ target: "draft-07", prefix: schemaPrefix }),
      securitySchemes: { token: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
    },
  };
}

interface Form {
  readonly name: string;
  readonly channel: Json;
  readonly operation: Json;
}

function trpcForm({ procedure, description }: StreamContract): Form {
  return form(procedure, {
    address: `/trpc/${procedure}`,
    description: `${description} As tRPC sends it.`,
    messages: [procedure, "connected", "ping", "return", "serialized-error"],
    query: ["input", "lastEventId", "connectionParams"],
  });
}

function plainForm(
  { procedure, description, event, gap }: StreamContract,
  { path, query }: NonNullable<StreamContract["plain"]>,
): Form {
  return form(`${procedure}.plain`, {
    address: path,
    description: `${description} As plain JSON.`,
    messages: [...event.options.map((option) => nameOf(option, gap)), "heartbeat", "complete"],
    query,
  });
}

interface FormDescription {
  readonly address: string;
  readonly description: string;
  readonly messages: readonly string[];
  readonly query: readonly string[];
}

function form(name: string, { address, description, messages, query }: FormDescription): Form {
  const parameters = [...address.matchAll(/\{(\w+)\}/g)].map(([, parameter = ""]) => [parameter, {}]);
  return {
    name,
    channel: {
      address,
      description,
      ...(parameters.length > 0 && { parameters: Object.fromEntries(parameters) }),
      messages: Object.fromEntries(
        messages.map((message) => [message, { $ref: `#/components/messages/${message}` }]),
      ),
    },
    operation: {
      action: "send",
      channel: { $ref: `#/channels/${name}` },
      bindings: {
        http: {
          method: "GET",
          query: {
            type: "object",
            properties: Object.fromEntries(query.map((key) => [key, { type: "string" }])),
          },
          bindingVersion: "0.3.0",
        },
      },
    },
  };
}

/** Each event by itself for plain SSE, and the union in superjson's envelope for tRPC. */
function messagesOf({ procedure, definition, event, gap }: StreamContract): [string, Json][] {
  const events = event.options.map((option): [string, Json] => {
    const name = nameOf(option, gap);
    return [name, messageOf({ id: true, payload: schemaRef(name) })];
  });
  const envelope = {
    type: "object",
    required: ["json"],
    properties: {
      json: schemaRef(definition),
      meta: { type: "object", description: "superjson's: which fields are dates" },
    },
  };
  return [...events, [procedure, messageOf({ id: true, payload: envelope })]];
}

interface MessageDescription {
  readonly event?: string;
  readonly id?: true;
  readonly payload: Json;
}

/** The lines of an SSE frame beside `data:` stand as headers. */
function messageOf({ event, id, payload }: MessageDescription): Json {
  return {
    headers: {
      type: "object",
      required: [...(event === undefined ? [] : ["event"]), ...(id ? ["id"] : [])],
      properties: {
        ...(event !== undefined && { event: { const: event } }),
        ...(id && { id: { type: "string", description: "opaque; continues the stream as Last-Event-ID" } }),
      },
    },
    payload,
  };
}

const schemaPrefix = "#/components/schemas/";

function schemaRef(name: string): Json {
  return { $ref: schemaPrefix + name };
}

const nothing = { type: "string", maxLength: 0 };
const emptyObject = { type: "object", maxProperties: 0 };

const controlMessages = {
  connected: messageOf({
    event: "connected",
    payload: {
      type: "object",
      properties: { reconnectAfterInactivityMs: { type: "integer", minimum: 1 } },
    },
  }),
  ping: messageOf({ event: "ping", payload: nothing }),
  return: messageOf({ event: "return", payload: nothing }),
  "serialized-error": messageOf({
    event: "serialized-error",
    payload: { type: "object", required: ["json"] },
  }),
  heartbeat: messageOf({ event: "heartbeat", payload: emptyObject }),
  complete: messageOf({ event: "complete", payload: emptyObject }),
} as const;
