import type { z } from "zod";
import type { StreamGap } from "../stream-gap.js";

/** What may stand in a key: it names a log, and is compared as it is. */
export type KeyValue = string | number | boolean;

/** The schema of a topic's key: an object of texts, numbers and booleans. */
export type KeySchema = z.ZodObject<Readonly<Record<string, z.ZodType<KeyValue>>>>;
/** The schemas of a topic's events by their `type`. */
export type EventSchemas = Readonly<Record<string, z.ZodObject>>;

type Flat<T> = { [Field in keyof T]: T[Field] } & {};
type Frozen<T> = { readonly [Field in keyof T]: T[Field] } & {};

/** zod makes an object without fields one that has every field, all of them impossible. */
type Fields<Schema extends z.ZodObject, Said> = [keyof Schema["shape"]] extends [never] ? unknown : Said;

/** What a key's schema makes: the fields that name one log. */
export type TopicKeyFields<Key extends KeySchema> = Frozen<z.output<Key>>;

/** The flat union of a topic's events: `type` says which one it is. */
export type TopicEvent<Key extends KeySchema, Events extends EventSchemas> = {
  [Type in keyof Events & string]: Frozen<
    { type: Type } & z.output<Key> & { timestamp: Date } & Fields<Events[Type], z.output<Events[Type]>>
  >;
}[keyof Events & string];

/** What a publisher says: the key's fields and the timestamp may be left out, as the server knows them. */
export type TopicEventInput<Key extends KeySchema, Events extends EventSchemas> = {
  [Type in keyof Events & string]: Frozen<
    { type: Type } & { [Field in keyof z.input<Key>]?: z.input<Key>[Field] | undefined } & {
      timestamp?: Date | undefined;
    } & Fields<Events[Type], z.input<Events[Type]>>
  >;
}[keyof Events & string];

/** Says what is missing of one topic, with its state of now. */
export type TopicGap<Name extends string, Key extends KeySchema, State> = TopicGapWith<
  Name,
  Key,
  State | null
>;

/** The same with another snapshot. */
export type TopicGapWith<Name extends string, Key extends KeySchema, Snapshot> = Flat<
  StreamGap<Snapshot> & {
    readonly topic: Name;
    /**
     * The id that the newest event in the snapshot has in a stream of this topic alone: what follows the gap up to there is
     * in the snapshot already.
     */
    readonly snapshotAt: string | null;
  } & TopicKeyFields<Key>
>;

/** What a stream of a topic yields: its events and gaps. */
export type TopicStreamEvent<
  Name extends string,
  Key extends KeySchema,
  Events extends EventSchemas,
  State,
> = TopicEvent<Key, Events> | TopicGap<Name, Key, State>;

/** Where a stream begins and what it gives. */
export interface StreamInputFields<Type extends string> {
  readonly lastEventId?: string | null | undefined;
  readonly types?: readonly Type[] | undefined;
  readonly replay?: "all" | "none" | undefined;
}

/** What a subscription to one log takes: its key, and where to begin. */
export type TopicStreamInput<Key extends KeySchema, Events extends EventSchemas> = Flat<
  TopicKeyFields<Key> & StreamInputFields<keyof Events & string>
>;

/** Reads what a subscription takes. */
export interface StreamInputSchema<Output, Input> extends z.ZodType<Output, Input> {
  /** The same with these fields besides. */
  readonly extend: <Fields extends z.ZodRawShape>(
    fields: Fields,
  ) => z.ZodType<Output & z.output<z.ZodObject<Fields>>, Input & z.input<z.ZodObject<Fields>>>;
}
