/**
 * Hooks for React. Needs the optional peer `react`.
 * @module @jobwire/client/react
 */
export type { ConnectionStatus } from "../live/connection-status.js";
export type { Tracked } from "../live/follow-subscription.js";
export type { JobFeedFilter } from "../live/job-feed-filter.js";
export type { JobFeed } from "../live/job-feed.js";
export type { SessionMessage, SessionState } from "../live/session-state.js";
export type { SessionTask } from "../live/session-tasks.js";
export type { Recovery, StreamConnection, StreamError } from "../live/stream-connection.js";
export type { WatchedJob } from "../live/watched-job.js";
export {
  useConnectionStatus,
  useSession,
  useSpools,
  type SessionResult,
  type SpoolsResult,
} from "./hooks.js";
export { PreloadedJobs, type PreloadedJobsProps } from "./preloaded-jobs.js";
export { JobwireProvider, useJobwireTrpc, type JobwireProviderProps } from "./provider.js";
export type { Connected } from "./stream-result.js";
export {
  useJob,
  usePreloadJob,
  useSuspenseJob,
  type JobResult,
  type KnownJobResult,
  type UseJobOptions,
  type UseSuspenseJobOptions,
} from "./use-job.js";
export {
  useJobFeed,
  useSuspenseJobFeed,
  type JobFeedFilterOptions,
  type JobFeedResult,
  type KnownJobFeedResult,
} from "./use-job-feed.js";
export { useSuspenseTopic, useTopic, type TopicView, type UseTopicOptions } from "./use-topic.js";
