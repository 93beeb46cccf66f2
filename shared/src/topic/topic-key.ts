import type { KeySchema, KeyValue } from "./topic-types.js";

/** The one text of a key, whatever the order in which its fields are given. */
export function topicKeyText(schema: KeySchema, key: Readonly<Record<string, KeyValue>>): string {
  return JSON.stringify(Object.keys(schema.shape).map((field) => key[field]));
}
