import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { FastifyServerFactory } from "fastify";
import type { SseHandler } from "../sse/index.js";

export interface HttpServerOptions {
  /** Takes the subscriptions. */
  readonly sse: SseHandler;
  /** Called for each request before anything else: it may put headers on the response. */
  readonly prepare: (request: IncomingMessage, response: ServerResponse) => void;
}

/** Inputs of queries and subscriptions are in the URL, which counts as a header. */
const maxHeaderSize = 16_384;
/** A request that has not come whole by then is refused. */
const requestTimeout = 30_000;
/** Longer than proxies keep a connection that nobody uses, so that it is they who close it. */
const keepAliveTimeout = 72_000;

/**
 * The server below Fastify. Subscriptions do not come that far, since they use nothing of its routes, hooks and replies.
 * Everything else does.
 */
export function createHttpServer({ sse, prepare }: HttpServerOptions): FastifyServerFactory {
  return (handler) => {
    const serve = async (request: IncomingMessage, response: ServerResponse) => {
      prepare(request, response);
      if (request.method !== "GET" || !(await sse(request, response))) handler(request, response);
    };
    return createServer({ maxHeaderSize, requestTimeout, keepAliveTimeout }, (request, response) => {
      void serve(request, response);
    });
  };
}
