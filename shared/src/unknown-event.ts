import type { z } from "zod";

/** An event of a type this version does not know, from a newer server. */
export interface UnknownEvent {
  readonly type: "unknown";
  readonly originalType: string;
  readonly event: Readonly<Record<string, unknown>>;
}

/** @param union discriminated by `type` */
export function eventReader<Union extends z.ZodDiscriminatedUnion>(
  union: Union,
): (value: unknown) => z.output<Union> | UnknownEvent {
  const knownTypes = union._zod.propValues?.type;
  return (value) =>
    isTypedRecord(value) && !knownTypes?.has(value.type)
      ? { type: "unknown", originalType: value.type, event: value }
      : union.parse(value);
}

function isTypedRecord(value: unknown): value is { type: string } & Record<string, unknown> {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
