import { z } from "zod";
import { toDefinitions, type Definitions, type Dialect } from "../../server/src/http/open-api/definitions.js";
import { inputs, states, streams, type EventOption } from "./contract.js";

/** The events by their type, the union of each stream, and the states. */
export function eventDefinitions(dialect: Dialect): Definitions {
  const named = new Map<string, z.ZodType>(Object.entries(states));
  for (const { definition, event, gap } of streams) {
    named.set(definition, event);
    for (const option of event.options) named.set(nameOf(option, gap), option);
  }
  return toDefinitions(named, dialect);
}

/** The input of each procedure by its name in the API. */
export function inputDefinitions(dialect: Dialect): Definitions {
  const rooms: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> = inputs;
  const named = new Map<string, z.ZodType>();
  for (const [room, procedures] of Object.entries(rooms)) {
    for (const [name, schema] of Object.entries(procedures)) named.set(`${room}.${name}`, schema);
  }
  return toDefinitions(named, dialect);
}

/** The type of the event; a gap is named after its stream. */
export function nameOf(option: EventOption, gap: string): string {
  const event = option instanceof z.ZodObject ? option : option.options[0];
  const type = event?.shape["type"];
  if (!(type instanceof z.ZodLiteral)) throw new Error("An event without a type.");
  return type.value === "stream.gap" ? gap : String(type.value);
}
