import { findUnencodablePart } from "@jobwire/shared";
import superjson from "superjson";
import { z } from "zod";
import { AppError } from "../app-error.js";
import type { StateChange, StateRecord } from "../store/store.js";
import type { PlainKey } from "./event-input.js";

/** What the store holds beside a log whose definition has a state. */
export interface TopicRecord<State> {
  readonly key: PlainKey;
  readonly state: State;
  /** One more with each change: the guard of the next one. */
  readonly revision: number;
  /** Nothing follows. */
  readonly ended: boolean;
  /** The indexes that list it. */
  readonly listed: readonly string[];
  /** When it is due, in milliseconds since 1970. */
  readonly dueMs: number | null;
  /** What it is found by. */
  readonly search: string;
}

/** The field of a record that is searched. */
export const searchField = "search";

const recordSchema = z.object({
  key: z.string().transform((text) => superjson.parse<PlainKey>(text)),
  state: z.string().transform((text) => superjson.parse(text)),
  revision: z.coerce.number().int(),
  ended: z.string().transform((text) => text === "1"),
  listed: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(z.array(z.string())),
  dueMs: z
    .string()
    .default("")
    .transform((text) => (text === "" ? null : Number(text))),
  [searchField]: z.string().default(""),
});

/** @throws AppError `STATE_UNREADABLE` when it was written by a definition that this one is incompatible with. */
export function readTopicRecord<State>(
  name: string,
  schema: z.ZodType<State>,
  record: StateRecord,
): TopicRecord<State> {
  try {
    const { state, ...rest } = recordSchema.parse(record);
    const read = schema.parse(state);
    const part = findUnencodablePart(read);
    if (part) throw new Error(`${part.path.join(".")}: ${part.message}`);
    return { ...rest, state: read };
  } catch (cause) {
    throw new AppError(
      "STATE_UNREADABLE",
      `A state of ${name} in the store does not fit its definition; read it with the one that wrote it, or remove it.`,
      { cause },
    );
  }
}

export function writeTopicRecord<State>({
  key,
  state,
  revision,
  ended,
  listed,
  dueMs,
  search,
}: TopicRecord<State>): StateRecord {
  return {
    key: superjson.stringify(key),
    state: superjson.stringify(state),
    revision: String(revision),
    ended: ended ? "1" : "",
    listed: JSON.stringify(listed),
    dueMs: dueMs === null ? "" : String(dueMs),
    [searchField]: search,
  };
}

/** What of where a record is listed is not as it was before. */
export function listingChange(
  before: TopicRecord<unknown> | null,
  after: TopicRecord<unknown>,
): Pick<StateChange, "index" | "unlist" | "due"> {
  // Under another text it is listed anew everywhere.
  const standing = before?.search === after.search ? before.listed : [];
  return {
    index: after.listed.filter((index) => !standing.includes(index)),
    unlist: (before?.listed ?? []).filter((index) => !after.listed.includes(index)),
    ...(before?.dueMs !== after.dueMs && { due: after.dueMs }),
  };
}

/** What takes a record out of everything that lists it, and away. */
export function removalChange(key: string, { listed = "[]" }: StateRecord): StateChange {
  return {
    key,
    set: {},
    listedText: searchField,
    unlist: JSON.parse(listed) as string[],
    due: null,
    remove: true,
  };
}
