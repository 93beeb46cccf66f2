import { compareValues } from "./compare-values.js";
import {
  additive,
  breaking,
  narrower,
  wider,
  type SchemaChange,
  type SchemaDirection,
} from "./schema-change.js";
import {
  byDiscriminator,
  keysOfBoth,
  listOf,
  membersOf,
  nodeOf,
  textOf,
  valuesOf,
  type SchemaDocument,
  type SchemaNode,
} from "./schema-node.js";

/**
 * What has changed between two versions of a contract, and whether those who were built against the older one still
 * work. What is sent may only become narrower and what is received only wider, but readers ignore the fields and the
 * types of events that they do not know.
 * @throws Error when a `$ref` points to no definition.
 */
export function compareSchemas(
  before: SchemaDocument,
  after: SchemaDocument,
  direction: SchemaDirection,
): SchemaChange[] {
  return keysOfBoth(before.$defs, after.$defs).flatMap((name) => {
    const [old, current] = [before.$defs[name], after.$defs[name]];
    if (!old) return [additive(name, "was added")];
    if (!current) return [breaking(name, "was removed")];
    return compareUnions({ before, after, direction }, name, old, current);
  });
}

interface Comparison {
  readonly before: SchemaDocument;
  readonly after: SchemaDocument;
  readonly direction: SchemaDirection;
}

function compareNodes(comparison: Comparison, path: string, old: SchemaNode, current: SchemaNode) {
  // Both name the same definition: what has changed in it is told once, where it is defined.
  if (old["$ref"] !== undefined && old["$ref"] === current["$ref"]) return [];
  return compareUnions(comparison, path, old, current);
}

function compareUnions(
  comparison: Comparison,
  path: string,
  old: SchemaNode,
  current: SchemaNode,
): SchemaChange[] {
  const { before, after } = comparison;
  const [oldMembers, members] = [membersOf(before, old), membersOf(after, current)];
  const [[oldMember, ...moreOld], [member, ...more]] = [oldMembers, members];
  if (oldMember && member && moreOld.length + more.length === 0)
    return compareMembers(comparison, path, oldMember, member);
  for (const property of ["type", "kind"]) {
    const oldTypes = byDiscriminator(before, oldMembers, property);
    const types = byDiscriminator(after, members, property);
    if (oldTypes && types) return compareTypes(comparison, path, oldTypes, types);
  }
  return compareAlternatives(comparison, path, oldMembers, members);
}

/** Unions of events are compared type by type. */
function compareTypes(
  comparison: Comparison,
  path: string,
  oldTypes: ReadonlyMap<string, SchemaNode>,
  types: ReadonlyMap<string, SchemaNode>,
): SchemaChange[] {
  return [...new Set([...oldTypes.keys(), ...types.keys()])].flatMap((type) => {
    const at = `${path}|${type}`;
    const [old, current] = [oldTypes.get(type), types.get(type)];
    if (!old) return [additive(at, "is a new type")];
    if (!current) return [breaking(at, "was removed")];
    const isToldWhereDefined =
      nameIn(comparison.before, old) !== undefined &&
      nameIn(comparison.before, old) === nameIn(comparison.after, current);
    return isToldWhereDefined ? [] : compareUnions(comparison, at, old, current);
  });
}

function nameIn({ $defs }: SchemaDocument, node: SchemaNode): string | undefined {
  return Object.keys($defs).find((name) => $defs[name] === node);
}

/** Each member of one side must fit one of the other side. */
function compareAlternatives(
  comparison: Comparison,
  path: string,
  oldMembers: readonly SchemaNode[],
  members: readonly SchemaNode[],
): SchemaChange[] {
  const fits = (old: SchemaNode, current: SchemaNode) =>
    compareUnions(comparison, path, old, current).every(({ kind }) => kind === "additive");
  const added = members.filter((member) => !oldMembers.some((old) => fits(old, member)));
  const removed = oldMembers.filter((old) => !members.some((member) => fits(old, member)));
  const { direction } = comparison;
  return [
    ...added.map((member) => wider(direction, path, `may also be ${summaryOf(member)}`)),
    ...removed.map((member) => narrower(direction, path, `can no longer be ${summaryOf(member)}`)),
  ];
}

/** Two schemas that are no unions. */
function compareMembers(
  comparison: Comparison,
  path: string,
  old: SchemaNode,
  current: SchemaNode,
): SchemaChange[] {
  const parts = { items: "[]", additionalProperties: "{}", propertyNames: "{name}" } as const;
  return [
    ...compareValues(comparison.direction, path, old, current),
    ...compareProperties(comparison, path, old, current),
    ...Object.entries(parts)
      .filter(([keyword]) => keyword in old || keyword in current)
      .flatMap(([keyword, suffix]) =>
        compareNodes(comparison, path + suffix, nodeOf(old[keyword]), nodeOf(current[keyword])),
      ),
  ];
}

function compareProperties(
  comparison: Comparison,
  path: string,
  old: SchemaNode,
  current: SchemaNode,
): SchemaChange[] {
  const { direction } = comparison;
  const [oldProperties, properties] = [nodeOf(old["properties"]), nodeOf(current["properties"])];
  const [oldRequired, required] = [listOf(old["required"]), listOf(current["required"])];
  return keysOfBoth(oldProperties, properties).flatMap((name) => {
    const at = `${path}.${name}`;
    const [wasRequired, isRequired] = [oldRequired.includes(name), required.includes(name)];
    if (!(name in properties)) return [breaking(at, "was removed")];
    if (!(name in oldProperties)) {
      return [isRequired ? narrower(direction, at, "was added and is required") : additive(at, "was added")];
    }
    return [
      ...(isRequired && !wasRequired ? [narrower(direction, at, "is required")] : []),
      ...(wasRequired && !isRequired ? [wider(direction, at, "may be absent")] : []),
      ...compareNodes(comparison, at, nodeOf(oldProperties[name]), nodeOf(properties[name])),
    ];
  });
}

function summaryOf(member: SchemaNode): string {
  return valuesOf(member)?.join(" or ") ?? textOf(member["type"] ?? "anything");
}
