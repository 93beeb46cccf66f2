import { z } from "zod";
import { lastEventIdSchema } from "../last-event-id.js";
import { streamGapSchema } from "../stream-gap.js";
import { timestampSchema } from "../timestamp.js";
import { eventReader, type UnknownEvent } from "../unknown-event.js";
import { asyncApiOf, jsonSchemaOf } from "./describe-topic.js";
import type {
  EventSchemas,
  KeySchema,
  StreamInputFields,
  StreamInputSchema,
  TopicEvent,
  TopicEventInput,
  TopicStreamEvent,
  TopicStreamInput,
} from "./topic-types.js";
import type { JsonDocument } from "./wire-schema.js";

/** What every topic is made of. */
export interface TopicParts<Key extends KeySchema, Events extends EventSchemas> {
  /**
   * Names one log. Its fields stand in every event: texts, numbers and booleans. Their schemas leave what they make as it is;
   * the key as a whole has no refinement.
   */
  readonly key: Key;
  /**
   * Each type of event, with the fields it has beside those of the key. A schema takes what it makes and leaves it as it is:
   * events are read again.
   */
  readonly events: Events;
  /**
   * Types after which nothing follows, or what says so of an event: such an event closes its log. Default: the log stays
   * open.
   */
  readonly ends?: readonly (keyof Events & string)[] | ((event: TopicEvent<Key, Events>) => boolean);
}

/** What a topic with a state has beside its parts. */
export interface TopicFold<State, Event> {
  /**
   * What all events of one log come to: it is kept beside the log, and is the snapshot of a gap. Its schema takes what it makes
   * and leaves it as it is: states are read again.
   */
  readonly state: z.ZodType<State>;
  /**
   * The state after an event; `null`: there was none before. Pure: it runs on the server, in pages and in tests, and more
   * than once for an event. What it throws refuses the event.
   */
  readonly apply: NoInfer<(state: State | null, event: Event) => State>;
}

/** A kind of log: its key, its events and what they come to. Plain data, shared by servers and pages. */
export interface TopicDefinition<
  Name extends string,
  Key extends KeySchema,
  Events extends EventSchemas,
  State,
> {
  readonly name: Name;
  readonly key: Key;
  readonly events: Events;
  /** Whether any of its events closes its log. */
  readonly hasEnd: boolean;
  /** Whether nothing follows this event. */
  readonly isLast: (event: TopicEvent<Key, Events>) => boolean;
  /** `null`: events are all there is. */
  readonly state: z.ZodType<State> | null;
  /** @throws ZodError when what the reducer made is no state, and whatever the reducer throws. */
  readonly apply: (state: State | null, event: TopicEvent<Key, Events>) => State | null;
  /** One event as it stands in a log. */
  readonly eventSchema: z.ZodType<TopicEvent<Key, Events>>;
  /** One event as a publisher says it. */
  readonly eventInputSchema: z.ZodType<unknown, TopicEventInput<Key, Events>>;
  /** What a stream yields: events and gaps. */
  readonly streamEventSchema: z.ZodType<TopicStreamEvent<Name, Key, Events, State>>;
  /**
   * What a subscription takes: the key's fields, and
   * - `lastEventId`: continue after this event.
   * - `types`: only these. Control events (`stream.*`) are always delivered.
   * - `replay`: where a stream without `lastEventId` starts, `"all"` (the default): at the oldest retained event;
   *   `"none"`: after the newest.
   *
   * It takes no other field: where a base procedure has an input of its own, extend it by the fields of that one.
   */
  readonly streamInput: StreamInputSchema<
    TopicStreamInput<Key, Events>,
    z.input<Key> & StreamInputFields<keyof Events & string>
  >;
  /**
   * Reads one event of a stream from outside. One of a type that is not known here, from a newer server, becomes `unknown`.
   * @throws ZodError when the value is no event at all or a known one with a wrong field.
   */
  readonly read: (value: unknown) => TopicStreamEvent<Name, Key, Events, State> | UnknownEvent;
  /** JSON Schema (draft 2020-12) of what a stream yields, as plain JSON. */
  readonly jsonSchema: () => JsonDocument;
  /** AsyncAPI 3.0 of a stream of this topic. `address`: where it is served; default: `/<name>`. */
  readonly asyncApi: (options?: { readonly address?: string }) => JsonDocument;
}

/**
 * Defines a topic once, as data; servers, pages and tests derive the rest from it.
 * @throws Error when the parts do not fit together: it names the part.
 */
export function defineTopic<
  const Name extends string,
  Key extends KeySchema,
  Events extends EventSchemas,
  State,
>(
  name: Name,
  parts: TopicParts<Key, Events> & TopicFold<State, TopicEvent<Key, Events>>,
): TopicDefinition<Name, Key, Events, State>;
export function defineTopic<const Name extends string, Key extends KeySchema, Events extends EventSchemas>(
  name: Name,
  parts: TopicParts<Key, Events> & { readonly state?: undefined; readonly apply?: undefined },
): TopicDefinition<Name, Key, Events, null>;
export function defineTopic(name: string, parts: AnyParts): unknown {
  const { key, events, ends = [], state = null } = parts;
  const apply = parts.apply as ((state: unknown, event: unknown) => unknown) | undefined;
  checkParts(name, parts);
  const unknownType = { error: `expected one of ${Object.keys(events).join(", ")}` };
  const eventSchema = unionOf(events, { ...key.shape, timestamp: timestampSchema }, unknownType);
  const inputFields = { ...key.partial().shape, timestamp: timestampSchema.optional() };
  const gap = streamGapSchema(state ? state.nullable() : z.null()).extend({
    topic: z.literal(name),
    snapshotAt: z.string().nullable(),
    ...key.shape,
  });
  const streamEventSchema = z.discriminatedUnion("type", [gap, ...eventSchema.options]);
  const streamInput = z.strictObject({
    ...key.shape,
    lastEventId: lastEventIdSchema,
    types: z
      .array(z.enum(Object.keys(events)))
      .min(1)
      .optional(),
    replay: z.enum(["all", "none"]).optional(),
  });
  const described = { name, streamEventSchema, streamInput };
  return {
    name,
    key,
    events,
    hasEnd: typeof ends === "function" || ends.length > 0,
    isLast:
      typeof ends === "function" ? ends : (event: { readonly type: string }) => ends.includes(event.type),
    state,
    apply: (before: unknown, event: unknown) => (state && apply ? state.parse(apply(before, event)) : null),
    eventSchema,
    eventInputSchema: unionOf(events, inputFields, unknownType),
    streamEventSchema,
    streamInput,
    read: eventReader(streamEventSchema),
    jsonSchema: () => jsonSchemaOf(described),
    asyncApi: (options?: { readonly address?: string }) => asyncApiOf(described, options),
  };
}

/** What the overloads have in common. */
interface AnyParts extends TopicParts<KeySchema, EventSchemas> {
  readonly state?: z.ZodType | undefined;
  readonly apply?: ((state: never, event: never) => unknown) | undefined;
}

/** The events, each with these fields besides. */
function unionOf(events: EventSchemas, fields: z.ZodRawShape, { error }: { readonly error: string }) {
  const [first, ...others] = Object.entries(events).map(([type, schema]) =>
    schema.extend({ ...fields, type: z.literal(type) }),
  );
  if (!first) throw new Error("events is empty; a topic has at least one type");
  return z.discriminatedUnion("type", [first, ...others], { error });
}

/** Fields that every event has, or that a stream's input and its gaps have beside the key. */
const envelopeFields: ReadonlySet<string> = new Set(["type", "timestamp"]);
const reservedKeyFields: ReadonlySet<string> = new Set([
  ...envelopeFields,
  "topic",
  "reason",
  "from",
  "to",
  "snapshot",
  "snapshotAt",
  "lastEventId",
  "types",
  "replay",
]);

function checkParts(name: string, { key, events, ends = [], state, apply }: AnyParts): void {
  const refuse = (problem: string) => {
    throw new Error(`Topic ${JSON.stringify(name)}: ${problem}`);
  };
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name))
    refuse("a name has 1 to 64 of the characters A-Z a-z 0-9 . _ - and begins with a letter or digit");
  const keyFields = Object.keys(key.shape);
  if (keyFields.length === 0)
    refuse("key is empty; a topic of one log has a key with one field of one value");
  if (key.def.checks?.length)
    refuse("key has a refinement as a whole, which nobody asks; put it on one of its fields");
  for (const field of keyFields)
    if (reservedKeyFields.has(field))
      refuse(`key.${field} is a name that every stream uses; choose another one`);
  for (const [type, fields] of Object.entries(events)) {
    if (type === "" || type === "unknown" || type.startsWith("stream."))
      refuse(
        `events[${JSON.stringify(type)}]: "unknown" and types that begin with "stream." are Jobwire's own`,
      );
    if (/[\n\r]/.test(type)) refuse(`events[${JSON.stringify(type)}] has a line break`);
    for (const field of Object.keys(fields.shape))
      if (envelopeFields.has(field) || keyFields.includes(field))
        refuse(`events[${JSON.stringify(type)}].${field} is a field that every event has already`);
  }
  for (const type of typeof ends === "function" ? [] : ends)
    if (!Object.hasOwn(events, type))
      refuse(`ends names ${JSON.stringify(type)}, which is none of its events`);
  if ((state === undefined) !== (apply === undefined)) refuse("state and apply come together, or not at all");
}
