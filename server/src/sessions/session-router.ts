import { sendToSessionInputSchema, sessionEventsInputSchema } from "@jobwire/shared";
import { router, serviceProcedure, userProcedure } from "../trpc.js";
import type { SessionRegistry } from "./session-registry.js";
import type { SessionStreams } from "./session-streams.js";

export function createSessionRouter(registry: SessionRegistry, streams: SessionStreams) {
  return router({
    events: userProcedure
      .input(sessionEventsInputSchema)
      .subscription(({ ctx, input, signal }) => streams.open(ctx.principal, { ...input, signal })),

    send: serviceProcedure
      .input(sendToSessionInputSchema)
      .mutation(async ({ input: { requestId, name, data } }) => ({
        delivered: await registry.send({ type: "session.message", name, data }, requestId),
      })),

    list: serviceProcedure.query(() => registry.connected()),
  });
}
