import { z } from "zod";

/** Names that JavaScript gives a meaning to on every object: an encoder that keeps them could be made to change one. */
const reservedKeys: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** How deep lists and objects of people's values may be nested. */
const maxDepth = 64;

/** Whether people's values may carry a field of this name. */
export function isEncodableKey(key: string): boolean {
  return !reservedKeys.has(key);
}

const reservedKeyMessage = `${[...reservedKeys].join(", ")} cannot be names of fields; choose another one`;

const notEncodedMessage =
  "cannot be written down as what it is: a function, a symbol or an object of a class of its own";

/** A part of a value that cannot be passed on. */
export interface UnencodablePart {
  /** Where it is: names of fields and positions in lists. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * The first part of a value that no encoder passes on unchanged: a field with a reserved name, or nesting beyond
 * `maxDepth`. `null`: there is none.
 * @param isPassedOn Asked of what no list or object of JSON has: a function, a symbol, an instance of a class. Without it
 * their fields are looked into.
 */
export function findUnencodablePart(
  value: unknown,
  isPassedOn?: (part: unknown) => boolean,
): UnencodablePart | null {
  const found = findIn(value, 0, isPassedOn);
  return found && { path: found.path.toReversed(), message: found.message };
}

interface FoundPart {
  /** From within. */
  readonly path: (string | number)[];
  readonly message: string;
}

/** Nested calls, as deep as values may be: the path of the few values that are refused is made on the way back. */
function findIn(
  value: unknown,
  depth: number,
  isPassedOn: ((part: unknown) => boolean) | undefined,
): FoundPart | null {
  if (isPassedOn && isForeign(value)) {
    if (value instanceof Map || value instanceof Set) return findIn([...value], depth, isPassedOn);
    return isPassedOn(value) ? null : { path: [], message: notEncodedMessage };
  }
  if (!isContainer(value)) return null;
  if (depth >= maxDepth) return { path: [], message: `nested more than ${maxDepth} levels deep` };
  const isList = Array.isArray(value);
  for (const key of Object.keys(value)) {
    const found = isEncodableKey(key)
      ? findIn(value[key], depth + 1, isPassedOn)
      : { path: [], message: reservedKeyMessage };
    if (!found) continue;
    found.path.push(isList ? Number(key) : key);
    return found;
  }
  return null;
}

/** A name that people give to a field of their own. */
export const fieldNameSchema = z.string().min(1).max(64).refine(isEncodableKey, reservedKeyMessage);

/** Any JSON that people send along. */
export const anyJsonSchema = z.json().superRefine((value, context) => {
  const part = findUnencodablePart(value);
  if (part) context.addIssue({ code: "custom", path: [...part.path], message: part.message });
});

/** Also lists, whose fields are their positions. */
function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Whether JSON has no word for it. What another realm made is at home here too; of dates there are too many to ask. */
function isForeign(value: unknown): boolean {
  if (typeof value === "function" || typeof value === "symbol") return true;
  if (!isContainer(value) || Array.isArray(value) || value instanceof Date) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype !== null && prototype !== Object.prototype && Object.getPrototypeOf(prototype) !== null;
}
