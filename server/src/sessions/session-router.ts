import { sendToSessionInputSchema, sessionEventsInputSchema } from "@jobwire/shared";
import { router, serviceProcedure, userProcedure } from "../trpc.js";
import type { SessionBroadcasts } from "./session-broadcasts.js";
import type { SessionDirectory } from "./session-directory.js";
import type { SessionStreams } from "./session-streams.js";

export interface SessionServices {
  readonly streams: SessionStreams;
  readonly broadcasts: SessionBroadcasts;
  readonly directory: SessionDirectory;
}

export function createSessionRouter({ streams, broadcasts, directory }: SessionServices) {
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
