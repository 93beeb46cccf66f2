/**
 * Topics of your own on a server: their stores, and the handles that publish, decide, list and stream.
 * @module @jobwire/server/topics
 */
export { AppError } from "../app-error.js";
export type { EventStream } from "../streams/event-stream.js";
export type { MergedStream, MergeOptions } from "../streams/merged-stream.js";
export {
  Jobwire,
  openJobwire,
  type JobwireOptions,
  type MergingOptions,
  type TopicOptions,
} from "./open-jobwire.js";
export type { PipeOptions } from "./pipe.js";
export type { StoredForm } from "./topic-record.js";
export { fileStore, memoryStore, redisStore, type JobwireStore, type RedisStoreSource } from "./stores.js";
export type { Decision } from "./topic-decision.js";
export type { FeedEvent, FeedOptions, StreamingOptions, TopicMark } from "./streaming-options.js";
export type { PublishOptions, TopicHandle } from "./topic-handle.js";
export type { ListedState, ListOptions, SelectionOptions, StateList } from "./topic-listing.js";
