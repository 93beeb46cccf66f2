import { EventEmitter, on } from "node:events";
import { initTRPC, tracked } from "@trpc/server";
import { createHTTPServer } from "@trpc/server/adapters/standalone";
import { z } from "zod";
import type { BenchEvent } from "../event.js";
import { verifyBearer } from "./bearer.js";
import type { Contender, ServeOptions, Serving } from "./contender.js";
import { openFeed, openFeedPublisher } from "./event-feed.js";
import { listen } from "./listen.js";

/**
 * tRPC as its documentation shows it: the standalone server, a subscription that is an async generator over
 * `on(emitter, topic)`, tracked ids. No transformer, which is the cheapest. Tokens are verified.
 */
export const trpc: Contender = {
  name: "trpc",
  numbersIds: true,
  isSlow: true,
  patienceMs: 60_000,
  keepsLogIn: "redis",
  pathOf: (topic) => `/events?input=${encodeURIComponent(JSON.stringify({ topic }))}`,
  serve,
  openPublisher: openFeedPublisher,
};

async function serve({ redisUrl, heartbeatMs, retains }: ServeOptions): Promise<Serving> {
  const emitter = new EventEmitter().setMaxListeners(0);
  const feed = openFeed(redisUrl, (topic, { json }) => emitter.emit(topic, JSON.parse(json)));
  const { router, procedure } = initTRPC.context<{ userId: string }>().create({
    isDev: false,
    sse: {
      ping: { enabled: true, intervalMs: heartbeatMs },
      client: { reconnectAfterInactivityMs: 3 * heartbeatMs },
    },
  });
  const appRouter = router({
    events: procedure
      .input(z.object({ topic: z.string(), lastEventId: z.coerce.number().nullish() }))
      .subscription(async function* ({ input: { topic, lastEventId }, signal }) {
        const live = on(emitter, topic, { ...(signal && { signal }) }) as AsyncIterable<[BenchEvent]>;
        await feed.subscribe(topic);
        let last = lastEventId ?? 0;
        if (retains && lastEventId) {
          for (const { seq, json } of await feed.after(topic, last)) {
            last = seq;
            yield tracked(String(seq), JSON.parse(json) as BenchEvent);
          }
        }
        for await (const [event] of live) {
          if (event.seq <= last) continue;
          last = event.seq;
          yield tracked(String(event.seq), event);
        }
      }),
  });
  const server = createHTTPServer({
    router: appRouter,
    async createContext({ req }) {
      return verifyBearer(req);
    },
  });
  return {
    port: await listen(server),
    ...(feed.publisher && { publisher: feed.publisher }),
  };
}
