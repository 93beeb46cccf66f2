export { AppError } from "../app-error.js";
export type { EventStream } from "../streams/event-stream.js";
export type { MergeOptions } from "../streams/merged-stream.js";
export { openJobwire, type Jobwire, type JobwireOptions, type TopicOptions } from "./open-jobwire.js";
export type { PipeOptions } from "./pipe.js";
export { memoryStore, redisStore, type JobwireStore, type RedisStoreSource } from "./stores.js";
export type { ListedState, ListOptions, PublishOptions, StateList, TopicHandle } from "./topic-handle.js";
