import type { z } from "zod";
import type { TopicDefinition } from "./define-topic.js";
import type {
  EventSchemas,
  KeySchema,
  TopicEvent,
  TopicEventInput,
  TopicKeyFields,
  TopicStreamEvent,
  TopicStreamInput,
} from "./topic-types.js";

/** What every definition has. */
export interface AnyTopic {
  readonly name: string;
  readonly key: KeySchema;
  readonly events: EventSchemas;
  readonly hasEnd: boolean;
  readonly state: z.ZodType | null;
}

/** The key of one log. */
export type KeyOf<Topic extends AnyTopic> = TopicKeyFields<Topic["key"]>;
/** The types of its events. */
export type EventTypeOf<Topic extends AnyTopic> = keyof Topic["events"] & string;
/** The flat union of its events. */
export type EventOf<Topic extends AnyTopic> = TopicEvent<Topic["key"], Topic["events"]>;
/** What a publisher says: key fields and `timestamp` may be left out. */
export type EventInputOf<Topic extends AnyTopic> = TopicEventInput<Topic["key"], Topic["events"]>;
/** What its events come to; `null` where the definition has no state. */
export type StateOf<Topic extends AnyTopic> = Topic["state"] extends (infer Schema) | null
  ? Schema extends z.ZodType
    ? z.output<Schema>
    : null
  : never;
/** What its streams yield: the events and `stream.gap`. */
export type StreamEventOf<Topic extends AnyTopic> = TopicStreamEvent<
  Topic["name"],
  Topic["key"],
  Topic["events"],
  StateOf<Topic>
>;
/** What its streams take. */
export type StreamInputOf<Topic extends AnyTopic> = TopicStreamInput<Topic["key"], Topic["events"]>;
/** The definition of these parts, whole. */
export type DefinitionOf<Topic extends AnyTopic> = TopicDefinition<
  Topic["name"],
  Topic["key"],
  Topic["events"],
  StateOf<Topic>
>;
