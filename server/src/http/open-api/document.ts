import { jobSchema, spoolSchema, taskSchema, trpcCodeOf, workerSchema } from "@jobwire/shared";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import { TRPCError } from "@trpc/server";
import { z } from "zod";
import type { AppRouter } from "../../app-router.js";
import { answerOf, type PlainProcedure } from "../plain-calls/answers.js";
import { pathFieldsOf, plainCalls, type PlainCall } from "../plain-calls/plain-calls.js";
import { inputsOf, type InputFields } from "../plain-calls/procedure-inputs.js";
import { toDefinitions, type Definitions, type JsonSchema } from "./definitions.js";
import { plainStreams, type PlainStreamDescription } from "./plain-streams.js";

type Json = Readonly<Record<string, unknown>>;

const prefix = "#/components/schemas/";

/** The plain HTTP surface as OpenAPI 3.1, made from the schemas that the procedures check with. */
export function createOpenApi(router: AppRouter): Json {
  const procedures = [...plainCalls, ...plainStreams].map(({ procedure }) => procedure);
  const inputs = inputsOf(router, [...new Set(procedures)]);
  const schemas = components();
  const operations = [
    ...plainCalls.map((call) => ({
      ...call,
      operation: callOperation(call, fieldsOf(inputs, call.procedure), schemas),
    })),
    ...plainStreams.map((stream) => ({
      ...stream,
      method: "GET",
      operation: streamOperation(stream, fieldsOf(inputs, stream.procedure)),
    })),
    ...textOperations,
  ];
  const paths: Record<string, Record<string, Json>> = {};
  for (const { method, path, operation } of operations) {
    (paths[path] ??= {})[method.toLowerCase()] = operation;
  }
  return {
    openapi: "3.1.0",
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    info: {
      title: "Jobwire",
      version: "1",
      description: "What programs without tRPC use. What the fields mean: PROTOCOL.md.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
    paths,
    components: {
      schemas: withoutAnswers(schemas),
      responses: { error: errorResponse },
      securitySchemes: { token: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
    },
  };
}

const states = { Job: jobSchema, Spool: spoolSchema, Task: taskSchema, Worker: workerSchema } as const;

const answerPrefix = "answer of ";

/** The states and the events under their names, and what each call answers. */
function components(): Definitions {
  const named = new Map<string, z.ZodType>([
    ...Object.entries(states),
    ["Error", errorSchema],
    ...plainStreams.map(({ event }) => event),
    ...plainCalls.map(({ procedure }) => [answerPrefix + procedure, answerOf(procedure)] as const),
  ]);
  return toDefinitions(named, { target: "draft-2020-12", prefix });
}

function withoutAnswers(schemas: Definitions): Definitions {
  return Object.fromEntries(Object.entries(schemas).filter(([name]) => !name.startsWith(answerPrefix)));
}

function callOperation(call: PlainCall, fields: InputFields, schemas: Definitions): Json {
  const { method, path, procedure, role, summary, creates } = call;
  const takesBody = method === "POST" || method === "PUT";
  const { parameters, body } = placesOf(fields, path, takesBody);
  const takesKey = "idempotencyKey" in fields.properties;
  return {
    operationId: procedure,
    tags: [procedure.split(".")[0]],
    summary,
    description: whoMay(role),
    parameters: [...parameters, ...(takesKey ? [idempotencyKey] : [])],
    ...(takesBody && {
      requestBody: {
        required: body.required.length > 0 || !fields.schema.properties,
        content: { "application/json": { schema: body.schema } },
      },
    }),
    responses: {
      [creates ? 201 : 200]: {
        description: "Done.",
        content: { "application/json": { schema: answerSchema(schemas, procedure) } },
      },
      ...errors,
    },
  };
}

function answerSchema(schemas: Definitions, procedure: PlainProcedure): JsonSchema {
  const state = Object.entries(states).find(([, schema]) => schema === answerOf(procedure));
  return state ? { $ref: prefix + state[0] } : (schemas[answerPrefix + procedure] ?? {});
}

function streamOperation(
  { path, procedure, summary, event: [name], role }: PlainStreamDescription,
  fields: InputFields,
): Json {
  const { parameters } = placesOf(fields, path, false);
  return {
    operationId: procedure,
    tags: [procedure.split(".")[0]],
    summary,
    description: `${whoMay(role)} Each \`data:\` is a ${name} as JSON; \`id:\` continues the stream after it.`,
    parameters: [...parameters, lastEventId],
    responses: {
      200: {
        description: "Server-Sent Events; `event: heartbeat` and `event: complete` beside the events.",
        content: { "text/event-stream": { schema: { type: "string" } } },
      },
      204: { description: "Nothing follows any more: stay away." },
      ...errors,
    },
    "x-event": { $ref: prefix + name },
  };
}

interface Places {
  readonly parameters: readonly Json[];
  readonly body: { readonly schema: Json; readonly required: readonly string[] };
}

/** Each field of the input in the path, in the query or in the body. */
function placesOf({ schema, properties, required }: InputFields, path: string, takesBody: boolean): Places {
  const inPath = pathFieldsOf(path);
  const others = Object.keys(properties).filter((name) => !inPath.includes(name));
  const stillRequired = required.filter((name) => !inPath.includes(name));
  const pathParameters = inPath.map((name) => parameter("path", name, properties[name] ?? {}, true));
  const body = {
    ...schema,
    ...(schema.properties && {
      properties: Object.fromEntries(others.map((name) => [name, properties[name]])),
      required: stillRequired,
    }),
  };
  const queryParameters = takesBody
    ? []
    : others.map((name) =>
        parameter("query", inQuery[name] ?? name, properties[name] ?? {}, stillRequired.includes(name)),
      );
  return {
    parameters: [...pathParameters, ...queryParameters],
    body: { schema: body, required: stillRequired },
  };
}

/** A field whose name in a query is another one. */
const inQuery: Readonly<Record<string, string>> = { requestId: "request_id" };

function parameter(place: "path" | "query", name: string, schema: JsonSchema, required: boolean): Json {
  const isList = schema.type === "array";
  return { name, in: place, required, schema, ...(isList && { style: "form", explode: false }) };
}

const lastEventId = {
  name: "Last-Event-ID",
  in: "header",
  description: "The id of the last event that was received: the stream goes on after it.",
  schema: { type: "string" },
};

const idempotencyKey = {
  name: "Idempotency-Key",
  in: "header",
  description: "For a caller that may try again; as good as the field idempotencyKey.",
  schema: { type: "string", minLength: 1, maxLength: 128 },
};

const errorSchema = z.object({
  error: z.object({
    /** tRPC's code. */
    code: z.string(),
    reason: z.enum(keysOf(trpcCodeOf)).optional(),
    /** For people. */
    message: z.string(),
  }),
});

const errorResponse = {
  description: "Refused. `reason` is one of a closed set: PROTOCOL.md, Errors.",
  headers: {
    "Retry-After": { description: "with 429 and 503: after how many seconds", schema: { type: "integer" } },
  },
  content: { "application/json": { schema: { $ref: `${prefix}Error` } } },
};

/** The statuses with which anything may be refused. */
const errors = Object.fromEntries(
  [...new Set(Object.values(trpcCodeOf))]
    .map((code) => getHTTPStatusCodeFromError(new TRPCError({ code })))
    .toSorted((a, b) => a - b)
    .map((status) => [status, { $ref: "#/components/responses/error" }]),
);

const textOperations = [
  textOperation(
    "/api/jobs/{jobId}/output.txt",
    "jobs.output.text",
    "What a job's commands have written by now.",
    {
      "text/plain": { schema: { type: "string" } },
    },
  ),
  textOperation(
    "/api/tasks/{taskId}/export",
    "tasks.export",
    "What an export has made, an event in each line.",
    {
      "application/x-ndjson": { schema: { type: "string" } },
    },
  ),
] as const;

function textOperation(path: string, operationId: string, summary: string, content: Json) {
  const parameters = pathFieldsOf(path).map((name) => parameter("path", name, { type: "string" }, true));
  const stage = parameter("query", "stage", { type: "string" }, false);
  const operation = {
    operationId,
    tags: [operationId.split(".")[0]],
    summary,
    description: whoMay("user"),
    parameters: operationId === "jobs.output.text" ? [...parameters, stage] : parameters,
    responses: { 200: { description: "The text.", content }, ...errors },
  };
  return { method: "GET", path, operation };
}

function whoMay(role: PlainCall["role"]): string {
  return role === "service" ? "For services." : "For anybody with a token.";
}

function fieldsOf(inputs: ReadonlyMap<string, InputFields>, procedure: string): InputFields {
  const fields = inputs.get(procedure);
  if (!fields) throw new Error(`${procedure} has no input.`);
  return fields;
}

function keysOf<Key extends string>(record: Readonly<Record<Key, unknown>>): Key[] {
  return Object.keys(record) as Key[];
}
