/**
 * The value without fields that are `undefined`, at any depth: what nobody said is not in a log, where readers of plain JSON
 * would find `null`. Dates, maps and other objects with a class stay as they are.
 */
export function dropUndefined<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map((item: unknown) => dropUndefined(item)) as Value;
  if (!isPlainObject(value)) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields.map(([name, field]) => [name, dropUndefined(field)])) as Value;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
