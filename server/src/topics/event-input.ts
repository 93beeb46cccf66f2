import { isDeepStrictEqual } from "node:util";
import { findUnencodablePart, topicKeyText, type KeySchema, type KeyValue } from "@jobwire/shared";
import { z } from "zod";
import { AppError } from "../app-error.js";
import type { NewEvent } from "../store/store.js";
import { encodeEvent } from "../streams/event-codec.js";
import { dropUndefined } from "./drop-undefined.js";

/** What one event may take, encoded, in bytes. */
const maxEventBytes = 1_048_576;
/** What one commit may take. */
const maxCommitBytes = 4_194_304;
const maxCommitEvents = 1000;
const maxKeyLength = 1024;

/** The parts of a definition that decide what comes in. */
export interface InputDefinition {
  readonly name: string;
  readonly key: KeySchema;
  readonly isLast: (event: never) => boolean;
  readonly eventInputSchema: z.ZodType;
  readonly eventSchema: z.ZodType;
}

export type PlainKey = Readonly<Record<string, KeyValue>>;
export type PlainEvent = Readonly<Record<string, unknown>> & {
  readonly type: string;
  readonly timestamp: Date;
};

/** @throws AppError `INPUT_INVALID`, also when a field is missing or one too many. */
export function readKey({ name, key }: InputDefinition, value: unknown): { key: PlainKey; text: string } {
  const result = sayingWhy(`The key of ${name}`, value, () => strictKeyOf(key).safeParse(value));
  if (!result.success) throw invalid(`The key of ${name}`, result.error);
  const fields = result.data;
  const text = topicKeyText(key, fields);
  if (text.length > maxKeyLength)
    throw new AppError(
      "INPUT_INVALID",
      `The key of ${name} is too long: at most ${maxKeyLength} characters.`,
    );
  return { key: fields, text };
}

/** A schema costs more to make than to be asked a hundred times. */
const strictKeys = new WeakMap<KeySchema, z.ZodType<PlainKey>>();

function strictKeyOf(key: KeySchema): z.ZodType<PlainKey> {
  const strict = strictKeys.get(key) ?? z.strictObject(key.shape);
  strictKeys.set(key, strict);
  return strict;
}

/**
 * What a publisher said, whole: with the key's fields and a timestamp.
 * @throws AppError `INPUT_INVALID`; `EVENT_NOT_APPLICABLE` when no reader could read it, or would read something else.
 */
export function readEvent(definition: InputDefinition, key: PlainKey, value: unknown): PlainEvent {
  const what = `An event of ${definition.name}`;
  return sayingWhy(what, value, () => {
    const result = definition.eventInputSchema.safeParse(value);
    if (!result.success) throw invalid(what, result.error);
    const { type, timestamp, ...fields } = result.data as Partial<PlainEvent> & Pick<PlainEvent, "type">;
    for (const [field, part] of Object.entries(key))
      if (fields[field] !== undefined && fields[field] !== part)
        throw new AppError(
          "INPUT_INVALID",
          `${what}: ${field} is ${JSON.stringify(fields[field])}, but its log is that of ${JSON.stringify(part)}.`,
        );
    const event = { type, ...key, timestamp: timestamp ?? new Date(), ...dropUndefined(fields) };
    requireReadable(definition, event);
    return event;
  });
}

/** Readers read an event with the schemas that have written it. */
function requireReadable({ name, eventSchema }: InputDefinition, event: PlainEvent): void {
  const { success, data, error } = eventSchema.safeParse(event);
  if (!success)
    throw new AppError(
      "EVENT_NOT_APPLICABLE",
      `${event.type} of ${name} could not be read again as its own schemas write it; they must take what they make\n${z.prettifyError(error)}`,
      { cause: error },
    );
  const read = dropUndefined(data as PlainEvent);
  if (isDeepStrictEqual(read, event)) return;
  const fields = Object.keys({ ...event, ...read }).filter(
    (field) => !isDeepStrictEqual(read[field], event[field]),
  );
  throw new AppError(
    "EVENT_NOT_APPLICABLE",
    `${event.type} of ${name} would be another one when it is read, as its own schemas change it twice; they must leave what they make: ${fields.join(", ")}`,
  );
}

/** Schemas and encoders throw errors of their own when they follow what is nested too deep, or are to wait. */
function sayingWhy<Result>(what: string, value: unknown, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    if (cause instanceof z.core.$ZodAsyncError)
      throw new AppError("EVENT_NOT_APPLICABLE", `${what} cannot be read: its schema is asynchronous.`, {
        cause,
      });
    const part = findUnencodablePart(value);
    if (!part) throw cause;
    throw new AppError("INPUT_INVALID", `${what} is invalid: ${part.path.join(".")}: ${part.message}.`, {
      cause,
    });
  }
}

/** Encoded for the log of this topic. @throws AppError `INPUT_INVALID`, `TOPIC_ENDED` */
export function toEntries(
  { name, isLast }: InputDefinition,
  topic: string,
  events: readonly PlainEvent[],
): NewEvent[] {
  if (events.length > maxCommitEvents)
    throw new AppError(
      "INPUT_INVALID",
      `At most ${maxCommitEvents} events of ${name} are published at once.`,
    );
  let bytes = 0;
  return events.map((event, index) => {
    const body = encodeEvent(event);
    const size = Buffer.byteLength(body);
    bytes += size;
    if (size > maxEventBytes || bytes > maxCommitBytes)
      throw new AppError(
        "INPUT_INVALID",
        `${event.type} is too large: an event of ${name} has at most ${maxEventBytes} bytes, those published at once at most ${maxCommitBytes}.`,
      );
    // What the definition's schema has read is one of its events.
    const last = isLast(event as never);
    if (last && index < events.length - 1) throw topicEnded(name, `${event.type} is the last event`);
    return { topic, type: event.type, body, last };
  });
}

export function topicEnded(name: string, why: string): AppError {
  return new AppError("TOPIC_ENDED", `This ${name} has ended: ${why}, and nothing follows it.`);
}

function invalid(what: string, error: z.ZodError): AppError {
  return new AppError("INPUT_INVALID", `${what} is invalid\n${z.prettifyError(error)}`, { cause: error });
}
