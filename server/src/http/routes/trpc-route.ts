import { TRPCError, getTRPCErrorShape } from "@trpc/server";
import {
  fastifyTRPCPlugin,
  type CreateFastifyContextOptions,
  type FastifyTRPCPluginOptions,
} from "@trpc/server/adapters/fastify";
import {
  getHTTPStatusCodeFromError,
  parseConnectionParamsFromString,
  type TRPCRequestInfo,
} from "@trpc/server/http";
import type { FastifyError, FastifyInstance, FastifyRequest } from "fastify";
import superjson from "superjson";
import type { AppRouter } from "../../app-router.js";
import type { Context } from "../../trpc.js";
import type { CallLimiter } from "../protection/call-limiter.js";
import { createContext } from "../auth/context.js";
import { httpErrorCode } from "../http-error-code.js";
import { logFailure } from "../log-failure.js";
import { retryHeaders } from "../retry-headers.js";
import { requireJson } from "../protection/require-json.js";
import type { TokenVerifier } from "../auth/tokens.js";

export interface TrpcRouteOptions {
  readonly router: AppRouter;
  readonly tokens: TokenVerifier;
  readonly limitCalls: CallLimiter;
}

/** A larger batch is refused with 400. */
const maxBatchSize = 20;

/** Where the tRPC API is mounted. */
export const trpcPath = "/trpc";

/** The calls of the tRPC API: they go to tRPC's own handler, and errors of the HTTP layer get tRPC's shape. */
export async function addTrpcRoute(app: FastifyInstance, { router, tokens, limitCalls }: TrpcRouteOptions) {
  const contexts = new WeakMap<FastifyRequest, Context>();
  await app.register(async (scope) => {
    scope.addHook<CallRoute>("onRequest", async (request, reply) => {
      requireJson(request.headers);
      const search = searchParamsOf(request);
      const context = createContext(request.raw, connectionParamsOf(search), tokens);
      contexts.set(request, context);
      await limitCalls(request, reply, { ...context, calls: callCountOf(request.params.path, search) });
    });
    scope.setErrorHandler((error: FastifyError | TRPCError, request, reply) => {
      const trpcError =
        error instanceof TRPCError
          ? error
          : new TRPCError({ code: httpErrorCode(error.statusCode), message: error.message, cause: error });
      const shape = getTRPCErrorShape({
        config: router._def._config,
        error: trpcError,
        type: "unknown",
        path: undefined,
        input: undefined,
        ctx: undefined,
      });
      logFailure(request.log, trpcError, request.routeOptions.url);
      return reply.code(shape.data.httpStatus).send({ error: superjson.serialize(shape) });
    });
    await scope.register(fastifyTRPCPlugin, {
      prefix: trpcPath,
      trpcOptions: {
        router: withoutStreams(router),
        createContext: ({ req, info }: CreateFastifyContextOptions) =>
          contexts.get(req) ?? createContext(req.raw, info.connectionParams, tokens),
        maxBatchSize,
        responseMeta: ({ errors }) => ({ headers: retryHeadersOf(errors) }),
        onError: ({ error, path, req }) => logFailure(req.log, error, path),
      },
    } satisfies FastifyTRPCPluginOptions<AppRouter>);
  });
}

function retryHeadersOf(errors: readonly TRPCError[]): Record<string, string> {
  const headers = errors.map((error) => retryHeaders(getHTTPStatusCodeFromError(error)));
  return Object.fromEntries(headers.flatMap(Object.entries<string>));
}

/** Should a subscription ever get past the SSE handler, tRPC's own must not serve it: it knows no limits. */
function withoutStreams(router: AppRouter): AppRouter {
  const { _def } = router;
  return { ...router, _def: { ..._def, _config: { ..._def._config, sse: { enabled: false } } } };
}

/** How the plugin of tRPC mounts itself. */
interface CallRoute {
  readonly Params: { readonly path?: string };
}

function searchParamsOf({ url }: FastifyRequest<CallRoute>): URLSearchParams {
  const base = "http://localhost";
  return URL.canParse(url, base) ? new URL(url, base).searchParams : new URLSearchParams();
}

/** `null` also when they cannot be read, which tRPC complains of. */
function connectionParamsOf(search: URLSearchParams): TRPCRequestInfo["connectionParams"] {
  const params = search.get("connectionParams");
  try {
    return params === null ? null : parseConnectionParamsFromString(params);
  } catch {
    return null;
  }
}

/** The calls of a batch count one by one. */
function callCountOf(path: string | undefined, search: URLSearchParams): number {
  if (path === undefined || search.get("batch") !== "1") return 1;
  return Math.min(path.split(",").length, maxBatchSize);
}
