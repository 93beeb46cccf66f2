import type { FastifyInstance, FastifyRequest } from "fastify";
import { AppError } from "../../app-error.js";
import { isSame, isSigned, signatureHeader } from "../../gateway/callback-signature.js";
import { callbackSchema, type GatewaySessions } from "../../gateway/gateway-sessions.js";
import { readInput } from "../read-input.js";
import { requireJson } from "../protection/require-json.js";

export interface SseCallbackRouteOptions {
  readonly gateway: GatewaySessions;
  readonly secret: string;
}

/**
 * `POST /api/sse/callback`: an outside gateway says that a session has connected or disconnected. It signs the body as this
 * server signs its own callbacks, or sends the secret as a bearer token.
 */
export function addSseCallbackRoute(
  app: FastifyInstance,
  { gateway, secret }: SseCallbackRouteOptions,
): void {
  void app.register(async (scope) => {
    // The signature is over the text.
    scope.removeContentTypeParser("application/json");
    scope.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => {
      done(null, body);
    });
    scope.post("/api/sse/callback", async (request, reply) => {
      requireJson(request.headers);
      const body = typeof request.body === "string" ? request.body : "";
      requireSecret(request.headers, body, secret);
      return reply.send({ accepted: await gateway.take(readInput(callbackSchema, parse(body))) });
    });
  });
}

function requireSecret(headers: FastifyRequest["headers"], body: string, secret: string): void {
  const signature = headers[signatureHeader];
  if (typeof signature === "string") {
    if (isSigned(signature, { body, secret })) return;
  } else if (isSame(headers.authorization ?? "", `Bearer ${secret}`)) return;
  throw new AppError("TOKEN_INVALID", "The callback is not signed with SSE_CALLBACK_SECRET.");
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new AppError("INPUT_INVALID", "Send a JSON object.");
  }
}
