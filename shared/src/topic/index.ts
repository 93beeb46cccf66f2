export { defineTopic, type TopicDefinition, type TopicFold, type TopicParts } from "./define-topic.js";
export type { JsonDocument } from "./wire-schema.js";
export { topicKeyText } from "./topic-key.js";
export type * from "./inferred-types.js";
export type * from "./topic-types.js";
export {
  defineQueueTopic,
  type QueueEventSchemas,
  type queueJobKey,
  type QueueJobState,
  type QueueJobStatus,
  type QueueTopicDefinition,
} from "./queue-topic.js";
