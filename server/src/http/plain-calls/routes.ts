import { callTRPCProcedure } from "@trpc/server";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { AppRouter } from "../../app-router.js";
import type { CallLimiter } from "../protection/call-limiter.js";
import { createContext } from "../auth/context.js";
import { requireJson } from "../protection/require-json.js";
import type { TokenVerifier } from "../auth/tokens.js";
import { plainCalls, type PlainCall } from "./plain-calls.js";
import { inputsOf } from "./procedure-inputs.js";
import { readCall } from "./read-call.js";

export interface PlainCallRoutesOptions {
  readonly router: AppRouter;
  readonly tokens: TokenVerifier;
  readonly limitCalls: CallLimiter;
}

/** The calls of the tRPC API for programs without tRPC: plain paths, plain JSON, the same procedures. */
export function addPlainCallRoutes(app: FastifyInstance, options: PlainCallRoutesOptions): void {
  const { router, tokens, limitCalls } = options;
  const inputs = inputsOf(
    router,
    plainCalls.map(({ procedure }) => procedure),
  );
  for (const { method, path, procedure, creates } of plainCalls) {
    const fields = inputs.get(procedure);
    if (!fields) continue;
    app.route<PlainRequest>({
      method,
      url: path.replaceAll(/\{(\w+)\}/g, ":$1"),
      exposeHeadRoute: false,
      onRequest: async (request) => requireJson(request.headers),
      async handler(request, reply) {
        const context = createContext(request.raw, null, tokens);
        await limitCalls(request, reply, { ...context, calls: 1 });
        const input = readCall(partsOf(request), fields, method === "GET");
        const answer: unknown = await callTRPCProcedure({
          router,
          path: procedure,
          type: typeOf(method),
          ctx: context,
          getRawInput: async (): Promise<unknown> =>
            router._def._config.transformer.input.deserialize({ json: input }),
          signal: undefined,
          batchIndex: 0,
        });
        return reply.code(creates ? 201 : 200).send(answer);
      },
    });
  }
}

interface PlainRequest {
  readonly Params: Readonly<Record<string, string>>;
  readonly Querystring: Readonly<Record<string, unknown>>;
}

function partsOf({ params, query, body, headers }: FastifyRequest<PlainRequest>) {
  const { "idempotency-key": key } = headers;
  return { path: params, query, body, idempotencyKey: typeof key === "string" ? key : undefined };
}

function typeOf(method: PlainCall["method"]): "query" | "mutation" {
  return method === "GET" ? "query" : "mutation";
}
