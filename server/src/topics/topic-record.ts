import { randomInt } from "node:crypto";
import { findUnencodablePart, type KeySchema } from "@jobwire/shared";
import superjson from "superjson";
import { z } from "zod";
import { AppError } from "../app-error.js";
import type { StateChange, StateRecord } from "../store/store.js";
import type { PlainKey } from "./event-input.js";

/** What the store holds beside a log whose definition has a state. */
export interface TopicRecord<State> {
  readonly key: PlainKey;
  readonly state: State;
  /** One more with each change: the guard of the next one. It begins at random: what was read of an earlier life of a key fits no later one. */
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

/** How a state is kept, when that is not as it is: smaller, for what is there many times. */
export interface StoredForm<State, Key> {
  /** What is kept of a state: something that superjson can encode. */
  readonly write: (state: State) => unknown;
  /** Makes of what `write` made, or of a whole state that was kept before, what the schema of the state reads. */
  readonly read: (kept: unknown, key: Key) => unknown;
}

/** What says how records of a definition are read. */
interface RecordDefinition<State> {
  readonly name: string;
  readonly key: KeySchema;
  readonly state: z.ZodType<State>;
  readonly stored: StoredForm<State, PlainKey> | undefined;
}

/** The field of a record that says when it is due. */
export const dueField = "dueMs";
/** The field of a record that is searched. */
export const searchField = "search";

const maxFirstRevision = 2 ** 31;
const keyValuesSchema = z.array(z.union([z.string(), z.number(), z.boolean()]));

/** A field that is not there is an empty one. */
const recordSchema = z.object({
  state: z.string().transform((text) => superjson.parse(text)),
  revision: z.coerce.number().int(),
  ended: z
    .string()
    .default("")
    .transform((text) => text === "1"),
  listed: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(z.array(z.string())),
  [dueField]: z
    .string()
    .default("")
    .transform((text) => {
      const dueMs = Math.round(Number(text));
      // A commit of an earlier version may have broken off at one that is none.
      return text === "" || Number.isNaN(dueMs) ? null : dueMs;
    }),
  [searchField]: z.string().default(""),
});

/** @throws AppError `STATE_UNREADABLE` when it was written by a definition that this one is incompatible with. */
export function readTopicRecord<State>(
  { name, key: keySchema, state: schema, stored }: RecordDefinition<State>,
  keyText: string,
  record: StateRecord,
): TopicRecord<State> {
  try {
    const { state, ...rest } = recordSchema.parse(record);
    const key = readKeyText(keySchema, keyText);
    const read = schema.parse(stored ? stored.read(state, key) : state);
    const part = findUnencodablePart(read);
    if (part) throw new Error(`${part.path.join(".")}: ${part.message}`);
    return { ...rest, key, state: read };
  } catch (cause) {
    throw new AppError(
      "STATE_UNREADABLE",
      `A state of ${name} in the store does not fit its definition; read it with the one that wrote it, or remove it.`,
      { cause },
    );
  }
}

/** A text that `topicKeyText` made. */
function readKeyText(schema: KeySchema, text: string): PlainKey {
  const fields = Object.keys(schema.shape);
  const values = keyValuesSchema.parse(JSON.parse(text));
  if (values.length !== fields.length) throw new Error(`its key has ${values.length} values`);
  return Object.fromEntries(values.map((value, position) => [fields[position] ?? "", value]));
}

/** What of a record is not as it was before. */
export function recordChange<State>(
  before: TopicRecord<State> | null,
  after: TopicRecord<State>,
  stored: StoredForm<State, PlainKey> | undefined,
): StateRecord {
  const fieldsBefore = before ? smallFieldsOf(before) : {};
  const changed = Object.entries(smallFieldsOf(after)).filter(
    ([field, text]) => text !== (fieldsBefore[field] ?? ""),
  );
  return {
    ...Object.fromEntries(changed),
    state: superjson.stringify(stored ? stored.write(after.state) : after.state),
  };
}

function smallFieldsOf({ revision, ended, listed, dueMs, search }: TopicRecord<unknown>): StateRecord {
  return {
    revision: String(revision),
    ended: ended ? "1" : "",
    listed: JSON.stringify(listed),
    [dueField]: textOfDue(dueMs),
    [searchField]: search,
  };
}

function textOfDue(dueMs: number | null): string {
  return dueMs === null ? "" : String(dueMs);
}

/** What a change expects that was decided by this record, or by there being none. */
export function expectationOf(before: TopicRecord<unknown> | null): NonNullable<StateChange["expect"]> {
  return before ? { revision: [String(before.revision)] } : "absent";
}

/** That it is to be listed as this record says, whatever else has changed: of a state that is busy the revision never stands still. */
export function expectationOfListing(before: StateRecord): NonNullable<StateChange["expect"]> {
  const fields = ["listed", dueField, searchField];
  return Object.fromEntries(fields.map((field) => [field, [before[field] ?? ""]]));
}

export function nextRevision(before: TopicRecord<unknown> | null): number {
  return before ? before.revision + 1 : randomInt(1, maxFirstRevision);
}

/** What changes when the record is looked at again at another time. */
export function dueChange(
  before: TopicRecord<unknown>,
  dueMs: number | null,
): Pick<StateChange, "expect" | "set" | "due"> {
  const set = { revision: String(nextRevision(before)), [dueField]: textOfDue(dueMs) };
  return { expect: expectationOf(before), set, due: dueMs };
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

/** What takes a record out of everything that lists it, and away, also one that cannot be read. `null`: there is to be none. */
export function removalChange(key: string, before: StateRecord | null): StateChange {
  return {
    key,
    expect: before ? { revision: [before.revision ?? ""] } : "absent",
    set: {},
    listedText: searchField,
    unlist: JSON.parse(before?.listed ?? "[]") as string[],
    due: null,
    remove: true,
  };
}
