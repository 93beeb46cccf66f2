import { parseCursor } from "@jobwire/shared";
import { z } from "zod";
import type { AppRouter } from "../../../server/src/app-router.js";
import { createContext } from "../../../server/src/http/auth/context.js";
import type { TokenVerifier } from "../../../server/src/http/auth/tokens.js";
import { trpcPath } from "../../../server/src/http/routes/trpc-route.js";
import type { Principal } from "../../../server/src/principal.js";
import { createSseHandler, type SseHandler } from "../../../server/src/sse/index.js";
import { openMemoryStore } from "../../../server/src/store/memory-store.js";
import { openRedisStore } from "../../../server/src/store/redis-store.js";
import type { Commit, Store, TopicKey } from "../../../server/src/store/store.js";
import { TopicStream } from "../../../server/src/streams/topic-stream.js";
import { TopicHubs } from "../../../server/src/streams/topic-hubs.js";
import { router, userProcedure, type Context } from "../../../server/src/trpc.js";
import type { BenchEvent } from "../event.js";
import type { Contender, Publisher } from "./contender.js";
import { commitPublisher, maxEvents } from "./commit-publisher.js";

/** How a contender serves the streams that its handler takes. */
export interface TopicServer extends Pick<Contender, "name"> {
  /** Default: everybody is let in, unasked. */
  readonly tokens?: TokenVerifier;
  /** Who is told of what the handler sends; default: nobody. */
  readonly onSend?: (service: string, seconds: number) => void;
  /** Listens. @returns the port */
  readonly listen: (parts: TopicParts) => Promise<number>;
}

export interface TopicParts {
  readonly sse: SseHandler;
  readonly router: AppRouter;
}

/** A contender with the server's own parts from the store to the SSE handler. Its topics are read by all. */
export function topicContender({ name, tokens, onSend, listen }: TopicServer): Contender {
  return {
    name,
    numbersIds: true,
    isSlow: false,
    patienceMs: 5000,
    keepsLogIn: "redis",
    pathOf: (topic) => `${trpcPath}/events?input=${encodeURIComponent(JSON.stringify({ json: { topic } }))}`,
    async serve({ redisUrl, heartbeatMs }) {
      const store = await openStore(redisUrl);
      const topicRouter = createTopicRouter(store);
      const sse = createSseHandler({
        router: topicRouter,
        basePath: `${trpcPath}/`,
        heartbeatMs,
        maxConnections: 20_000,
        createContext: ({ req, info }): Context =>
          tokens ? createContext(req, info.connectionParams, tokens) : { authenticate: async () => anybody },
        ...(tokens && { identify: ({ authenticate }: Context) => authenticate() }),
        ...(onSend && { onSend }),
        onError: ({ error }) => report(error),
      });
      return {
        // What is mounted beside `sse` does not depend on the procedures.
        port: await listen({ sse, router: topicRouter as unknown as AppRouter }),
        ...(redisUrl === null && { publisher: publisherWithin(store) }),
      };
    },
    openPublisher: commitPublisher(commitOf),
  };
}

const anybody: Principal = { userId: "anybody", role: "user", expiresAt: new Date(8.64e15) };

function createTopicRouter(store: Store) {
  const hubs = new TopicHubs(store, report);
  return router({
    events: userProcedure
      .input(z.object({ topic: z.string(), lastEventId: z.string().nullish() }))
      .subscription(
        ({ input: { topic, lastEventId }, signal }) =>
          new TopicStream({
            hubs,
            topic: keyOf(topic),
            after: parseCursor(lastEventId ?? ""),
            start: "oldest",
            explainGap: async (gap) => ({ type: "stream.gap", ...gap }),
            signal,
          }),
      ),
  });
}

function openStore(redisUrl: string | null): Promise<Store> {
  if (redisUrl === null) return Promise.resolve(openMemoryStore({ maxEvents }));
  return openRedisStore({
    url: redisUrl,
    maxEvents,
    onReachable: (reachable, error) => {
      if (!reachable && error !== undefined) report(error);
    },
  });
}

function publisherWithin(store: Store): Publisher {
  return {
    async publish(topic, event) {
      await store.commit(commitOf(topic, event));
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

function commitOf(topic: string, { json }: BenchEvent): Commit {
  const { scope, topic: name } = keyOf(topic);
  return { scope, events: [{ topic: name, type: "build.progress", body: `{"json":${json}}` }] };
}

function keyOf(topic: string): TopicKey {
  return { scope: topic, topic: "events" };
}

const maxReports = 3;
let reports = 0;

/** What goes wrong once goes wrong for a thousand streams. */
function report(error: unknown): void {
  if (reports++ < maxReports) console.error("jobwire:", error);
}
