import { TRPCError, getTRPCErrorShape } from "@trpc/server";
import {
  fastifyTRPCPlugin,
  type CreateFastifyContextOptions,
  type FastifyTRPCPluginOptions,
} from "@trpc/server/adapters/fastify";
import type { FastifyError, FastifyInstance } from "fastify";
import superjson from "superjson";
import type { AppRouter } from "../app-router.js";
import type { SseHandler } from "../sse/index.js";
import { createContext } from "./context.js";
import { logFailure } from "./log-failure.js";
import type { TokenVerifier } from "./tokens.js";

export interface TrpcRouteOptions {
  readonly router: AppRouter;
  readonly tokens: TokenVerifier;
  /** Serves the subscriptions. */
  readonly sse: SseHandler;
}

/** Where the tRPC API is mounted. */
export const trpcPath = "/trpc";

/**
 * The tRPC API: subscriptions go to the SSE handler, calls to tRPC's own, and errors of the HTTP layer get tRPC's
 * shape.
 */
export async function addTrpcRoute(app: FastifyInstance, { router, tokens, sse }: TrpcRouteOptions) {
  await app.register(async (scope) => {
    scope.addHook("onRequest", async (request, reply) => {
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) reply.raw.setHeader(name, value);
      }
      if (await sse(request.raw, reply.raw)) reply.hijack();
    });
    scope.setErrorHandler((error: FastifyError, request, reply) => {
      const trpcError = new TRPCError({ code: codeOf(error), message: error.message });
      const shape = getTRPCErrorShape({
        config: router._def._config,
        error: trpcError,
        type: "unknown",
        path: undefined,
        input: undefined,
        ctx: undefined,
      });
      request.log.debug({ statusCode: error.statusCode, code: error.code }, "request refused");
      return reply.code(shape.data.httpStatus).send({ error: superjson.serialize(shape) });
    });
    await scope.register(fastifyTRPCPlugin, {
      prefix: trpcPath,
      trpcOptions: {
        router: withoutStreams(router),
        createContext: ({ req, info }: CreateFastifyContextOptions) =>
          createContext(req.raw, info.connectionParams, tokens),
        onError: ({ error, path, req }) => logFailure(req.log, error, path),
      },
    } satisfies FastifyTRPCPluginOptions<AppRouter>);
  });
}

/** Should a subscription ever get past the SSE handler, tRPC's own must not serve it: it knows no limits. */
function withoutStreams(router: AppRouter): AppRouter {
  const { _def } = router;
  return { ...router, _def: { ..._def, _config: { ..._def._config, sse: { enabled: false } } } };
}

function codeOf({ statusCode }: FastifyError): TRPCError["code"] {
  switch (statusCode) {
    case 413:
      return "PAYLOAD_TOO_LARGE";
    case 415:
      return "UNSUPPORTED_MEDIA_TYPE";
    case 400:
      return "BAD_REQUEST";
    case undefined:
    default:
      return "INTERNAL_SERVER_ERROR";
  }
}
