import { jobEventSchema, type JobEvent } from "./job-event.js";

/** An event of a type this version does not know, from a newer server. */
export interface UnknownEvent {
  readonly type: "unknown";
  readonly originalType: string;
  readonly event: Readonly<Record<string, unknown>>;
}

/**
 * Reads one event from outside (a parsed `data:` of plain SSE, a line of NDJSON, a webhook body).
 * A type this version does not know becomes `unknown`, so that a switch over `type` stays exhaustive and a newer
 * server breaks nothing.
 * @throws ZodError when the value is no event at all or a known one with a wrong field.
 */
export function readJobEvent(value: unknown): JobEvent | UnknownEvent {
  if (isTypedRecord(value) && !knownTypes.has(value.type)) {
    return { type: "unknown", originalType: value.type, event: value };
  }
  return jobEventSchema.parse(value);
}

const knownTypes: ReadonlySet<string> = new Set(
  jobEventSchema.options.map((option) => option.shape.type.value),
);

function isTypedRecord(value: unknown): value is { type: string } & Record<string, unknown> {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
