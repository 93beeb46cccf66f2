/**
 * The transport: subscriptions of any tRPC router over Server-Sent Events, and plain SSE.
 * @module @jobwire/server/sse
 */
export type { CloseReason, SseRequest, SseResponse } from "./sse-connection.js";
export {
  createSseHandler,
  type PlainStreamOptions,
  type SseHandler,
  type SseHandlerOptions,
  type SseStatistics,
  type StreamFailure,
  type StreamIdentity,
} from "./sse-handler.js";
