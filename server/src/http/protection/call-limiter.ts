import rateLimit from "@fastify/rate-limit";
import { TRPCError } from "@trpc/server";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Context } from "../../trpc.js";

/** Calls a minute. */
export interface CallLimits {
  readonly perUser: number;
  readonly perProcess: number;
}

/**
 * Counts a request's calls, also when it comes without a valid token.
 * @throws TRPCError `TOO_MANY_REQUESTS`; the reply then says when to try again.
 */
export type CallLimiter = (
  request: FastifyRequest,
  reply: FastifyReply,
  about: Context & { readonly calls: number },
) => Promise<void>;

const timeWindowMs = 60_000;

/**
 * Limits the calls of each user and of all users together, and those without a valid token by the address they come
 * from. Services are not limited: they are the operator's own programs, and what they publish must not wait.
 */
export async function createCallLimiter(
  app: FastifyInstance,
  { perUser, perProcess }: CallLimits,
): Promise<CallLimiter> {
  await app.register(rateLimit, { global: false });
  const keys = new WeakMap<FastifyRequest, string>();
  const ofCaller = {
    refusal: `You have made your ${perUser} calls of this minute`,
    count: app.createRateLimit({
      max: perUser,
      timeWindow: timeWindowMs,
      keyGenerator: (request) => keys.get(request) ?? "",
    }),
  };
  const ofProcess = {
    refusal: `This server has answered its ${perProcess} calls of this minute`,
    count: app.createRateLimit({ max: perProcess, timeWindow: timeWindowMs, keyGenerator: () => "" }),
  };
  return async (request, reply, { authenticate, calls }) => {
    const caller = await authenticate().catch(() => null);
    if (caller?.role === "service") return;
    keys.set(request, caller ? `user ${caller.userId}` : `address ${request.ip}`);
    // Who has no token uses up nobody else's calls.
    const limits = caller ? [ofCaller, ofProcess] : [ofCaller];
    for (let call = 0; call < calls; call++) {
      for (const { count, refusal } of limits) {
        const counted = await count(request);
        if (counted.isAllowed || !counted.isExceeded) continue;
        const { ttlInSeconds } = counted;
        reply.header("retry-after", ttlInSeconds);
        const message = `${refusal}; try again in ${ttlInSeconds} s.`;
        throw new TRPCError({ code: "TOO_MANY_REQUESTS", message });
      }
    }
  };
}
