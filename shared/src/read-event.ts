import type { z } from "zod";
import { jobStreamEventSchema, sessionStreamEventSchema, spoolStreamEventSchema } from "./stream-event.js";

/** An event of a type this version does not know, from a newer server. */
export interface UnknownEvent {
  readonly type: "unknown";
  readonly originalType: string;
  readonly event: Readonly<Record<string, unknown>>;
}

/**
 * Reads one event of a job's stream from outside (a parsed `data:` of plain SSE, a line of NDJSON, a webhook body).
 * A type this version does not know becomes `unknown`, so that a switch over `type` stays exhaustive and a newer
 * server breaks nothing.
 * @throws ZodError when the value is no event at all or a known one with a wrong field.
 */
export const readJobEvent = eventReader(jobStreamEventSchema);

/** As `readJobEvent`, for the spool board. */
export const readSpoolEvent = eventReader(spoolStreamEventSchema);

/** As `readJobEvent`, for sessions. */
export const readSessionEvent = eventReader(sessionStreamEventSchema);

/** @param union discriminated by `type` */
function eventReader<Union extends z.ZodDiscriminatedUnion>(
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
