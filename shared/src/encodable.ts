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

/** A part of a value that cannot be passed on. */
export interface UnencodablePart {
  /** Where it is: names of fields and positions in lists. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * The first part of a JSON value that no encoder passes on unchanged: a field with a reserved name, or nesting beyond
 * `maxDepth`. `null`: there is none. Only what JSON has is looked into.
 */
export function findUnencodablePart(value: unknown): UnencodablePart | null {
  const open: {
    readonly value: Readonly<Record<string, unknown>>;
    readonly path: UnencodablePart["path"];
  }[] = [];
  if (isContainer(value)) open.push({ value, path: [] });
  for (let next = open.pop(); next; next = open.pop()) {
    const { path } = next;
    if (path.length >= maxDepth) return { path, message: `nested more than ${maxDepth} levels deep` };
    const isList = Array.isArray(next.value);
    for (const [key, part] of Object.entries(next.value)) {
      const here = [...path, isList ? Number(key) : key];
      if (!isEncodableKey(key)) return { path: here, message: reservedKeyMessage };
      if (isContainer(part)) open.push({ value: part, path: here });
    }
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
