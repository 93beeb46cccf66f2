import { startTestServer } from "@jobwire/client/testing";
import type { SchemaDocument, SchemaNode } from "@jobwire/client/testing";

/** The document that a server serves. */
export async function fetchOpenApi(): Promise<object> {
  await using server = await startTestServer();
  return (await (await fetch(`${server.url}/api/openapi.json`)).json()) as object;
}

interface Operation {
  readonly parameters: readonly SchemaParameter[];
  readonly requestBody?: Contents;
  readonly responses: Readonly<Record<string, Contents>>;
}

interface SchemaParameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: SchemaNode;
}

interface Contents {
  readonly content?: Readonly<Record<string, { readonly schema: SchemaNode }>>;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, SchemaNode>> };
}

/** What the operations take and what they answer, each under its method and path, as JSON Schema to be compared. */
export function contractOf(text: string): {
  readonly received: SchemaDocument;
  readonly sent: SchemaDocument;
} {
  const { paths, components } = JSON.parse(text.replaceAll("#/components/schemas/", "#/$defs/")) as OpenApi;
  const received: Record<string, SchemaNode> = { Json: {} };
  const sent: Record<string, SchemaNode> = { ...components.schemas };
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { parameters, requestBody, responses }] of Object.entries(methods)) {
      const name = `${method.toUpperCase()} ${path}`;
      received[`${name} parameters`] = parametersSchema(parameters);
      const body = requestBody?.content?.["application/json"];
      if (body) received[`${name} body`] = body.schema;
      for (const [status, { content = {} }] of Object.entries(responses))
        sent[`${name} ${status}`] = contentSchema(content);
    }
  }
  return { received: { $defs: received }, sent: { $defs: sent } };
}

function parametersSchema(parameters: readonly SchemaParameter[]): SchemaNode {
  return {
    type: "object",
    properties: Object.fromEntries(parameters.map((one) => [`${one.in} ${one.name}`, one.schema])),
    required: parameters.filter(({ required }) => required).map((one) => `${one.in} ${one.name}`),
  };
}

/** A property for each type of content: what is answered by a name is then compared where it is defined. */
function contentSchema(content: NonNullable<Contents["content"]>): SchemaNode {
  const properties = Object.fromEntries(Object.entries(content).map(([type, { schema }]) => [type, schema]));
  return { type: "object", properties, required: Object.keys(properties) };
}
