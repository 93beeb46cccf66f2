import rateLimit from "@fastify/rate-limit";
import { TRPCError } from "@trpc/server";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Principal } from "../principal.js";

/** Calls a minute. */
export interface CallLimits {
  readonly perUser: number;
  readonly perProcess: number;
}

/**
 * Counts a request's calls.
 * @param caller `null`: without a valid token.
 * @throws TRPCError `TOO_MANY_REQUESTS`; the reply then says when to try again.
 */
export type CallLimiter = (
  request: FastifyRequest,
  reply: FastifyReply,
  about: { readonly caller: Principal | null; readonly calls: number },
) => Promise<void>;

const timeWindowMs = 60_000;

/**
 * Limits the calls of each user, of each address from which calls come without a valid token, and of all of them
 * together. Services are not limited: they are the operator's own programs, and what they publish must not wait.
 */
export async function createCallLimiter(
  app: FastifyInstance,
  { perUser, perProcess }: CallLimits,
): Promise<CallLimiter> {
  await app.register(rateLimit, { global: false });
  const keys = new WeakMap<FastifyRequest, string>();
  const ofCaller = app.createRateLimit({
    max: perUser,
    timeWindow: timeWindowMs,
    keyGenerator: (request) => keys.get(request) ?? "",
  });
  const ofProcess = app.createRateLimit({
    max: perProcess,
    timeWindow: timeWindowMs,
    keyGenerator: () => "",
  });
  return async (request, reply, { caller, calls }) => {
    if (caller?.role === "service") return;
    keys.set(request, caller ? `user ${caller.userId}` : `address ${request.ip}`);
    for (let call = 0; call < calls; call++) {
      for (const [count, whose] of [
        [ofCaller, `your ${perUser} calls`],
        [ofProcess, "the calls that this server answers"],
      ] as const) {
        const counted = await count(request);
        if (counted.isAllowed || !counted.isExceeded) continue;
        reply.header("retry-after", counted.ttlInSeconds);
        throw new TRPCError({
          code: "TOO_MANY_REQUESTS",
          message: `You have made ${whose} of this minute; try again in ${counted.ttlInSeconds} s.`,
        });
      }
    }
  };
}
