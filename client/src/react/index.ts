export type { ConnectionStatus } from "./connection-status.js";
export type { Tracked } from "./follow-subscription.js";
export { useConnectionStatus, useJob, useJobFeed, useSession, useSpools, type Connected } from "./hooks.js";
export type { JobFeed } from "./job-feed.js";
export { JobwireProvider, useJobwireTrpc, type JobwireProviderProps } from "./provider.js";
export type { SessionMessage, SessionState } from "./session-state.js";
export type { SessionTask } from "./session-tasks.js";
export type { Recovery, StreamConnection, StreamError } from "./stream-connection.js";
export type { WatchedJob } from "./watched-job.js";
