export { defineTopic, type TopicDefinition, type TopicFold, type TopicParts } from "./define-topic.js";
export type { JsonDocument } from "./wire-schema.js";
export { topicKeyText } from "./topic-key.js";
export type * from "./inferred-types.js";
export type * from "./topic-types.js";
