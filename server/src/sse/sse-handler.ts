import type { AnyTRPCRouter, inferRouterContext, TRPCError } from "@trpc/server";
import type { ResponseMetaFn, TRPCRequestInfo } from "@trpc/server/http";
import type { EventStream } from "../streams/event-stream.js";
import type { StreamCounts } from "../streams/stream-counts.js";
import type { CloseReason, SseRequest, SseResponse } from "./sse-connection.js";
import { SseServer } from "./sse-server.js";

/** Whose stream it is and until when it may run. */
export interface StreamIdentity {
  /** Streams are counted by it against `maxConnectionsPerUser`. */
  readonly userId: string;
  /** The stream is closed at this time, without `return`: the client comes back with a fresh token. */
  readonly expiresAt?: Date;
}

/** What is served, and within which limits. Only `router` and `createContext` are needed. */
export interface SseHandlerOptions<Router extends AnyTRPCRouter> {
  readonly router: Router;
  /** As for tRPC's own handlers. */
  readonly createContext: (options: {
    req: SseRequest;
    res: SseResponse;
    info: TRPCRequestInfo;
  }) => inferRouterContext<Router> | Promise<inferRouterContext<Router>>;
  /** Where the router is mounted. Default `/`. */
  readonly basePath?: string;
  /** A stream that was silent for so long gets a heartbeat. Default 15,000. */
  readonly heartbeatMs?: number;
  /** What a peer may leave untaken before its connection is dropped. Default 1 MiB. */
  readonly maxBufferedBytes?: number;
  /** A peer that takes nothing for so long is dropped. Default 30,000. */
  readonly sendTimeoutMs?: number;
  /** Streams of this handler; one more is refused with 429. Default 10,000. */
  readonly maxConnections?: number;
  /** Streams of one user, see `identify`; one more is refused with 429. Default 1000. */
  readonly maxConnectionsPerUser?: number;
  /** After how long a broken connection is to be made again, plus up to as much by chance. Default 1000. */
  readonly retryMs?: number;
  /** Without it streams are not counted by user and do not expire. What it throws refuses the stream. */
  readonly identify?: (context: inferRouterContext<Router>) => Promise<StreamIdentity>;
  /** Called for each error a client is told of. */
  readonly onError?: (failure: StreamFailure<inferRouterContext<Router>>) => void;
  readonly responseMeta?: ResponseMetaFn<Router>;
  /** Called for each stream that goes on after an id (`Last-Event-ID` or `?lastEventId=`) and is let in. */
  readonly onReconnect?: (service: string, request: SseRequest) => void;
  /** Called once for each stream that was opened. */
  readonly onClose?: (reason: CloseReason) => void;
  /**
   * Called when a topic has written something to all its streams, once for each set of `types`: how long that took from
   * when it came from the store. The service is the first part of the procedure's path.
   */
  readonly onSend?: (service: string, seconds: number) => void;
}

/** What tRPC's own handlers tell their `onError`. */
export interface StreamFailure<Context> {
  readonly error: TRPCError;
  readonly type: "subscription";
  readonly path: string;
  readonly input: unknown;
  /** Absent when it could not be made. */
  readonly ctx: Context | undefined;
  readonly req: SseRequest;
}

/** What is served as plain SSE, and to whom. */
export interface PlainStreamOptions {
  /** What its events are counted under. Default `plain`. */
  readonly service?: string;
  /** As that of the handler. Without it the stream is not counted by user and does not expire. */
  readonly identify?: () => Promise<StreamIdentity>;
  /** What it throws refuses the stream, with the status of its code. */
  readonly open: (signal: AbortSignal) => EventStream<object> | Promise<EventStream<object>>;
  /** Called for an error the client is told of. */
  readonly onError?: (error: TRPCError) => void;
}

/** What a handler has done since it was made. */
export interface SseStatistics {
  readonly active: number;
  readonly opened: number;
  /** Streams that a limit or the shutdown kept out. */
  readonly refused: number;
  readonly closed: Readonly<Record<CloseReason, number>>;
  /** By the first part of the procedure's path, or the service of a plain stream. */
  readonly services: ReadonlyMap<string, Readonly<StreamCounts>>;
}

/** Serves the subscriptions of a tRPC router over SSE. */
export interface SseHandler {
  /**
   * Takes a request for a subscription.
   * @returns false when it is none: the request is untouched, let tRPC's own handler have it.
   */
  (request: SseRequest, response: SseResponse): Promise<boolean>;
  /** Serves an event stream as plain SSE: plain JSON in `data:`, real statuses before it starts. */
  plain(request: SseRequest, response: SseResponse, options: PlainStreamOptions): Promise<void>;
  /**
   * Refuses new streams and closes those that are open, spread over `overMs`, each with a time to come back at and
   * without `return`: clients connect again elsewhere and continue.
   */
  drain(options: { overMs: number }): Promise<void>;
  /** How many streams are open. */
  connectionCount(): number;
  /** What it has done by now. */
  statistics(): SseStatistics;
}

/**
 * tRPC over SSE with tRPC's own wire format, but with one write per event and connection: an `EventStream` that a
 * subscription returns is delivered as bytes shared by all its connections; any other async iterable or observable
 * goes the ordinary way.
 */
export function createSseHandler<Router extends AnyTRPCRouter>(
  options: SseHandlerOptions<Router>,
): SseHandler {
  const { responseMeta, ...rest } = options;
  const server = new SseServer({
    ...rest,
    // Said anew for any router: it knows its router's context, which is all it is called with.
    ...(responseMeta && { responseMeta: (about) => responseMeta(about) }),
  });
  return Object.assign((request: SseRequest, response: SseResponse) => server.serve(request, response), {
    plain: (request: SseRequest, response: SseResponse, plain: PlainStreamOptions) =>
      server.servePlain(request, response, plain),
    drain: ({ overMs }: { overMs: number }) => server.drain(overMs),
    connectionCount: () => server.connectionCount,
    statistics: () => server.statistics,
  });
}
