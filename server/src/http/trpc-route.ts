import { TRPCError, getTRPCErrorShape } from "@trpc/server";
import {
  fastifyTRPCPlugin,
  type CreateFastifyContextOptions,
  type FastifyTRPCPluginOptions,
} from "@trpc/server/adapters/fastify";
import type { FastifyError, FastifyInstance } from "fastify";
import superjson from "superjson";
import type { AppRouter } from "../app-router.js";
import { AppError } from "../app-error.js";
import type { Context } from "../trpc.js";
import { readRequestToken } from "./request-token.js";
import type { TokenVerifier } from "./tokens.js";

export interface TrpcRouteOptions {
  readonly router: AppRouter;
  readonly tokens: TokenVerifier;
  readonly heartbeatMs: number;
}

/** The tRPC API under `/trpc`, with the errors of the HTTP layer in tRPC's shape. */
export async function addTrpcRoute(app: FastifyInstance, { router, tokens, heartbeatMs }: TrpcRouteOptions) {
  await app.register(async (scope) => {
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
      prefix: "/trpc",
      trpcOptions: {
        router: withHeartbeat(router, heartbeatMs),
        createContext: ({ req, info }: CreateFastifyContextOptions): Context => ({
          authenticate: async () => {
            const token = readRequestToken(req, info.connectionParams);
            if (token === undefined) {
              throw new AppError("TOKEN_MISSING", "This call needs a token: send the header Authorization: Bearer <token>.");
            }
            return tokens.verify(token);
          },
        }),
        onError: ({ error, path, req }) => {
          if (error.code === "INTERNAL_SERVER_ERROR") req.log.error({ err: error.cause ?? error, path }, "procedure failed");
        },
      },
    } satisfies FastifyTRPCPluginOptions<AppRouter>);
  });
}

/** tRPC takes the heartbeat from the router's configuration. Clients give up on a stream after three missed ones. */
function withHeartbeat(router: AppRouter, heartbeatMs: number): AppRouter {
  const sse = {
    ping: { enabled: true, intervalMs: heartbeatMs },
    client: { reconnectAfterInactivityMs: 3 * heartbeatMs },
  };
  const { _def } = router;
  return { ...router, _def: { ..._def, _config: { ..._def._config, sse } } };
}

function codeOf({ statusCode }: FastifyError): TRPCError["code"] {
  switch (statusCode) {
    case 413:
      return "PAYLOAD_TOO_LARGE";
    case 415:
      return "UNSUPPORTED_MEDIA_TYPE";
    case 400:
      return "BAD_REQUEST";
    default:
      return "INTERNAL_SERVER_ERROR";
  }
}
