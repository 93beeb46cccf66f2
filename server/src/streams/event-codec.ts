import { findUnencodablePart } from "@jobwire/shared";
import superjson from "superjson";
import { AppError } from "../app-error.js";

/** The tRPC transformer whose output a body is. */
export const eventTransformer = superjson;

/**
 * How events travel: the publisher encodes once, and the text is stored, published and sent as it is. It is what
 * tRPC's superjson transformer would make of the event, on one line.
 * @throws AppError `INPUT_INVALID` when a part of it cannot be passed on: before anything is written.
 */
export function encodeEvent(event: object): string {
  const part = findUnencodablePart(event, isEncoded);
  if (part) throw new AppError("INPUT_INVALID", `${part.path.join(".")}: ${part.message}.`);
  return superjson.stringify(event);
}

/**
 * Whether there is something of its kind when it is read. Of what superjson has no word for it makes nothing, or an object
 * without a class.
 */
export function isEncoded(part: unknown): boolean {
  try {
    const encoded = superjson.serialize(part);
    return encoded.json !== part && superjson.deserialize(encoded) !== undefined;
  } catch {
    return false;
  }
}

/** The event of a body for readers without superjson. A body is superjson text: the plain JSON is its `json`. */
export function plainJsonOf(body: string): string {
  const { json } = JSON.parse(body) as { json: unknown };
  return JSON.stringify(json);
}
