/**
 * The client for browsers, services and other runtimes with `fetch`.
 * @module @jobwire/client
 */
export {
  createConnectionMonitor,
  type ConnectionError,
  type ConnectionMonitor,
  type ConnectionState,
  type ConnectionStore,
} from "./connection-state.js";
export {
  createJobwireClient,
  type JobwireClient,
  type JobwireClientOptions,
  type JobwireTrpc,
  type WatchFeedOptions,
  type WatchOutputOptions,
  type WatchJobOptions,
  type WatchSessionOptions,
  type WatchSpoolsOptions,
} from "./create-client.js";
export type { EventIterator } from "./event-iterator.js";
export {
  applyFeedEvent,
  applyJob,
  applyJobEvent,
  emptyJobView,
  type GapView,
  type JobView,
  type PictureView,
  type ProgressView,
  type SectionView,
  type StageView,
} from "./job-view.js";
export type { HeaderSource, StreamingFetch, TokenRequest, TokenSource } from "./sse/endpoint.js";
export type { Backoff } from "./sse/retry-schedule.js";
export { watch, type Watched, type WatchOptions } from "./watch/watch.js";
export { sseLink, type SseConnectionState, type SseLinkOptions } from "./sse-link.js";
