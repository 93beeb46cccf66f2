import { sendToSessionInputSchema, sessionEventsInputSchema } from "@jobwire/shared";
import { router, serviceProcedure, userProcedure } from "../trpc.js";
import type { Sessions } from "./open-sessions.js";
import type { SessionStreams } from "./session-streams.js";

export function createSessionRouter(
  { broadcasts, directory }: Pick<Sessions, "broadcasts" | "directory">,
  streams: SessionStreams,
) {
  return router({
    events: userProcedure
      .input(sessionEventsInputSchema)
      .subscription(({ ctx, input, signal }) => streams.open(ctx.principal, { ...input, signal })),

    send: serviceProcedure
      .input(sendToSessionInputSchema)
      .mutation(async ({ input: { requestId, ...message } }) => {
        const audience = requestId === undefined ? "all" : { requestId };
        const event = { type: "session.message", timestamp: new Date(), ...message } as const;
        return { delivered: await broadcasts.send(audience, [event]) };
      }),

    list: serviceProcedure.query(() => directory.connected()),
  });
}
