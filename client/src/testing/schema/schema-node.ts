/** A JSON Schema as far as the comparison reads it. */
export type SchemaNode = Readonly<Record<string, unknown>>;

/** A JSON Schema document whose parts stand under `$defs`. */
export interface SchemaDocument {
  readonly $defs: Readonly<Record<string, SchemaNode>>;
}

/** The members of a union, references followed; a schema that is no union is its only one. */
export function membersOf(document: SchemaDocument, node: SchemaNode): SchemaNode[] {
  const schema = followed(document, node);
  const { oneOf, anyOf, type } = schema;
  const union = oneOf ?? anyOf;
  if (Array.isArray(union)) {
    const members = union.map((member) => followed(document, nodeOf(member)));
    const [only] = members;
    return only && members.length === 1 ? membersOf(document, only) : members;
  }
  return Array.isArray(type) ? type.map((one: unknown) => ({ ...schema, type: one })) : [schema];
}

/** The members by the constant that each has in this property; `null` when that does not tell them apart. */
export function byDiscriminator(
  document: SchemaDocument,
  members: readonly SchemaNode[],
  property: string,
): ReadonlyMap<string, SchemaNode> | null {
  const found = new Map<string, SchemaNode>();
  for (const member of members) {
    const value = constantIn(document, member, property);
    if (value !== null) found.set(value, member);
  }
  return found.size === members.length ? found : null;
}

/** The text that every object of this schema has in this property, if there is one. */
function constantIn(document: SchemaDocument, node: SchemaNode, property: string): string | null {
  const constants = membersOf(document, node).map((member) => {
    const { const: constant } = nodeOf(nodeOf(member["properties"])[property]);
    return typeof constant === "string" ? constant : null;
  });
  const [first = null, ...more] = new Set(constants);
  return more.length === 0 ? first : null;
}

function followed(document: SchemaDocument, node: SchemaNode): SchemaNode {
  const reference = node["$ref"];
  if (typeof reference !== "string") return node;
  const target = document.$defs[reference.replace("#/$defs/", "")];
  if (!target) throw new Error(`${reference} is not among the definitions.`);
  return followed(document, target);
}

/** What `enum` and `const` allow, as JSON; `null`: anything. */
export function valuesOf(node: SchemaNode): string[] | null {
  const values = "const" in node ? [node["const"]] : node["enum"];
  return Array.isArray(values) ? values.map((value) => JSON.stringify(value)) : null;
}

/** A keyword's schema. An absent one and `true` let everything through, `false` nothing. */
export function nodeOf(value: unknown): SchemaNode {
  if (value === false) return { type: "nothing" };
  return typeof value === "object" && value !== null ? (value as SchemaNode) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function keysOfBoth(one: object, other: object): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])];
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
