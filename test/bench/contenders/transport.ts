import cors from "@fastify/cors";
import { parseCursor } from "@jobwire/shared";
import { fastify } from "fastify";
import { z } from "zod";
import type { AppRouter } from "../../../server/src/app-router.js";
import { createContext } from "../../../server/src/http/auth/context.js";
import { createSecretTokens } from "../../../server/src/http/auth/secret-tokens.js";
import { addTrpcRoute, trpcPath } from "../../../server/src/http/routes/trpc-route.js";
import { createSseHandler } from "../../../server/src/sse/index.js";
import { openMemoryStore } from "../../../server/src/store/memory-store.js";
import { openRedisStore } from "../../../server/src/store/redis-store.js";
import type { Commit, Store, TopicKey } from "../../../server/src/store/store.js";
import { TopicStream } from "../../../server/src/streams/topic-stream.js";
import { TopicHubs } from "../../../server/src/streams/topic-hubs.js";
import { router, userProcedure } from "../../../server/src/trpc.js";
import type { BenchEvent } from "../event.js";
import { tokenSecret } from "../token.js";
import type { Contender, Publisher, ServeOptions, Serving } from "./contender.js";
import { commitPublisher, maxEvents } from "./commit-publisher.js";

/** The server's own parts from the store to Fastify without what the application has around them; tokens are verified. */
export const transport: Contender = {
  name: "transport",
  numbersIds: true,
  isSlow: false,
  patienceMs: 5000,
  keepsLogIn: "redis",
  pathOf: (topic) => `${trpcPath}/events?input=${encodeURIComponent(JSON.stringify({ json: { topic } }))}`,
  serve,
  openPublisher: commitPublisher(commitOf),
};

async function serve({ redisUrl, heartbeatMs }: ServeOptions): Promise<Serving> {
  const store = await openStore(redisUrl);
  const hubs = new TopicHubs(store, report);
  const benchRouter = router({
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
  const tokens = createSecretTokens(tokenSecret);
  const sse = createSseHandler({
    router: benchRouter,
    basePath: `${trpcPath}/`,
    heartbeatMs,
    maxConnections: 20_000,
    createContext: ({ req, info }) => createContext(req, info.connectionParams, tokens),
    identify: ({ authenticate }) => authenticate(),
    onError: ({ error }) => report(error),
  });
  const app = fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 5000 } });
  await app.register(cors, { origin: [], credentials: true });
  // What it mounts beside `sse` does not depend on the procedures.
  await addTrpcRoute(app, {
    router: benchRouter as unknown as AppRouter,
    tokens,
    sse,
    limitCalls: async () => {},
  });
  await app.listen({ port: 0, host: "127.0.0.1", backlog: 4096 });
  const address = app.server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    ...(redisUrl === null && { publisher: publisherWithin(store) }),
  };
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
