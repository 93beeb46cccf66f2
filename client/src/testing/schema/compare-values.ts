import { breaking, narrower, wider, type SchemaChange, type SchemaDirection } from "./schema-change.js";
import { textOf, valuesOf, type SchemaNode } from "./schema-node.js";

/** What two schemas that are no unions say about a value itself: its type, which values, and their limits. */
export function compareValues(
  direction: SchemaDirection,
  path: string,
  old: SchemaNode,
  current: SchemaNode,
): SchemaChange[] {
  return [
    ...compareTypes(direction, path, old, current),
    ...compareEnums(direction, path, old, current),
    ...compareNumericLimits(direction, path, old, current),
    ...compareTextLimits(direction, path, old, current),
  ];
}

function compareTypes(direction: SchemaDirection, path: string, old: SchemaNode, current: SchemaNode) {
  const [oldType, currentType] = [old["type"] ?? "any", current["type"] ?? "any"];
  if (oldType === currentType) return [];
  const message = `was ${textOf(oldType)} and is ${textOf(currentType)}`;
  if (contains(currentType, oldType)) return [wider(direction, path, message)];
  if (contains(oldType, currentType)) return [narrower(direction, path, message)];
  return [breaking(path, message)];
}

function contains(wide: unknown, narrow: unknown): boolean {
  return wide === "any" || narrow === "nothing" || (wide === "number" && narrow === "integer");
}

function compareEnums(direction: SchemaDirection, path: string, old: SchemaNode, current: SchemaNode) {
  const [oldValues, currentValues] = [valuesOf(old), valuesOf(current)];
  if (!oldValues && !currentValues) return [];
  if (!oldValues) return [narrower(direction, path, "can no longer be any value")];
  if (!currentValues) return [wider(direction, path, "may be any value")];
  const added = currentValues.filter((value) => !oldValues.includes(value));
  const removed = oldValues.filter((value) => !currentValues.includes(value));
  return [
    ...added.map((value) => wider(direction, path, `may also be ${value}`)),
    ...removed.map((value) => narrower(direction, path, `can no longer be ${value}`)),
  ];
}

const lowerLimits = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
const upperLimits = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];

function compareNumericLimits(
  direction: SchemaDirection,
  path: string,
  old: SchemaNode,
  current: SchemaNode,
): SchemaChange[] {
  return [...lowerLimits, ...upperLimits].flatMap((keyword) => {
    const isUpper = upperLimits.includes(keyword);
    const none = isUpper ? Infinity : -Infinity;
    const [oldLimit, limit] = [Number(old[keyword] ?? none), Number(current[keyword] ?? none)];
    if (limit === oldLimit) return [];
    const change = limit > oldLimit === isUpper ? wider : narrower;
    return [change(direction, path, movedLimit(keyword, old, current))];
  });
}

function compareTextLimits(
  direction: SchemaDirection,
  path: string,
  old: SchemaNode,
  current: SchemaNode,
): SchemaChange[] {
  return ["pattern", "format"].flatMap((keyword) => {
    if (old[keyword] === current[keyword]) return [];
    const message = movedLimit(keyword, old, current);
    if (current[keyword] === undefined) return [wider(direction, path, message)];
    if (old[keyword] === undefined) return [narrower(direction, path, message)];
    return [breaking(path, message)];
  });
}

function movedLimit(keyword: string, old: SchemaNode, current: SchemaNode): string {
  return `${keyword} was ${textOf(old[keyword] ?? "absent")} and is ${textOf(current[keyword] ?? "absent")}`;
}
