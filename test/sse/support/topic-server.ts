import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { parseCursor } from "@jobwire/shared";
import {
  createSseHandler,
  type CloseReason,
  type SseHandler,
  type SseHandlerOptions,
} from "@jobwire/server/sse";
import { initTRPC } from "@trpc/server";
import { createHTTPHandler } from "@trpc/server/adapters/standalone";
import superjson from "superjson";
import { z } from "zod";
import { openMemoryStore } from "../../../server/src/store/memory-store.js";
import type { Store } from "../../../server/src/store/store.js";
import type { EventStream } from "../../../server/src/streams/event-stream.js";
import { TopicStream } from "../../../server/src/streams/topic-stream.js";
import type { Gap } from "../../../server/src/streams/stream-source.js";
import { TopicHubs } from "../../../server/src/streams/topic-hubs.js";

/** Servers of topics without a domain: events are numbered, everybody may publish and listen. */

const scope = "test";

export interface TopicEvent {
  readonly type: string;
  readonly number: number;
  readonly text: string;
}

interface NewTopicEvent {
  readonly type?: string;
  readonly text?: string;
  /** Closes the topic. */
  readonly last?: boolean;
}

interface Context {
  readonly user: string;
  readonly expiresAt: Date | undefined;
}

const t = initTRPC.context<Context>().create({ transformer: superjson, isDev: false });

const streamInputSchema = z.object({
  topic: z.string(),
  types: z.array(z.string()).optional(),
  lastEventId: z.string().optional(),
  start: z.enum(["oldest", "newest"]).default("oldest"),
});

function openTopic(
  hubs: TopicHubs,
  { topic, types, lastEventId, start }: z.output<typeof streamInputSchema>,
  signal: AbortSignal | undefined,
): EventStream<object> {
  return new TopicStream<object>({
    hubs,
    topic: { scope, topic },
    after: lastEventId ? parseCursor(lastEventId) : null,
    start,
    types: types && new Set(types),
    explainGap: async (gap: Gap) => ({ type: "stream.gap", ...gap }),
    signal,
  });
}

function createTopicRouter(hubs: TopicHubs) {
  return t.router({
    topic: t.procedure
      .input(streamInputSchema)
      .subscription(({ input, signal }) => openTopic(hubs, input, signal)),
    /** Ends when it is told to, by aborting: nothing is shared and nothing is sent. */
    silence: t.procedure.subscription(async function* ({ signal }) {
      await new Promise((resolve) => signal?.addEventListener("abort", resolve));
      yield "never seen";
    }),
    whoami: t.procedure.query(({ ctx }) => ctx.user),
  });
}

type TopicRouter = ReturnType<typeof createTopicRouter>;
type HandlerOptions = Omit<SseHandlerOptions<TopicRouter>, "router" | "createContext">;

export interface TopicServerOptions extends HandlerOptions {
  /** For servers that share it. */
  readonly store?: Store;
  readonly http?: ServerOptions;
  readonly beforeContext?: () => Promise<void>;
}

export interface TopicServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  readonly store: Store;
  readonly hubs: TopicHubs;
  readonly sse: SseHandler;
  /** Why streams ended, in the order they did. */
  readonly closes: readonly CloseReason[];
  /** Appends events in one commit. */
  publish(topic: string, ...events: NewTopicEvent[]): Promise<void>;
  /** The URL of a topic's stream as plain SSE. */
  plainUrl(topic: string): string;
  /** The URL of a topic's stream. */
  streamUrl(topic: string, options?: StreamOptions): string;
}

interface StreamOptions extends Partial<z.input<typeof streamInputSchema>> {
  /** `name` or `name:expiry in ms since the epoch`. */
  readonly user?: string;
}

export async function startTopicServer(options: TopicServerOptions = {}): Promise<TopicServer> {
  const { store: sharedStore, http = {}, beforeContext, onClose, ...handlerOptions } = options;
  const store = sharedStore ?? openMemoryStore({ maxEvents: 100_000, maxBytes: 1_000_000_000 });
  const hubs = new TopicHubs(store, () => {});
  const router = createTopicRouter(hubs);
  const closes: CloseReason[] = [];
  const sse = createSseHandler({
    identify: async ({ user, expiresAt }) => ({ userId: user, ...(expiresAt && { expiresAt }) }),
    ...handlerOptions,
    router,
    createContext: async ({ req }) => {
      await beforeContext?.();
      return contextOf(req.url ?? "");
    },
    onClose: (reason) => {
      closes.push(reason);
      onClose?.(reason);
    },
  });
  const calls = createHTTPHandler({ router, createContext: ({ req }) => contextOf(req.url ?? "") });
  const servePlain = (topic: string, request: IncomingMessage, response: ServerResponse) =>
    sse.plain(request, response, {
      service: "topic",
      identify: async () => {
        await beforeContext?.();
        return { userId: "somebody" };
      },
      open: async (signal) => openTopic(hubs, { topic, start: "oldest" }, signal),
      onError: () => {},
    });
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const [, plainTopic] = /^\/plain\/(\w+)$/.exec(request.url ?? "") ?? [];
    if (plainTopic !== undefined) await servePlain(plainTopic, request, response);
    else if (!(await sse(request, response))) calls(request, response);
  };
  const server = createServer(http, (request, response) => void serve(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  let published = 0;
  return {
    url,
    port,
    server,
    store,
    hubs,
    sse,
    closes,
    async publish(topic, ...events) {
      const bodies = events.map(({ type = "event", text = "", last = false }) => {
        const event: TopicEvent = { type, number: ++published, text };
        return { topic, type, last, body: superjson.stringify(event) };
      });
      await store.commit({ scope, events: bodies });
    },
    plainUrl: (topic) => `${url}/plain/${topic}`,
    streamUrl: (topic, { user = "somebody", ...input } = {}) =>
      `${url}/topic?user=${encodeURIComponent(user)}&input=${encodeURIComponent(superjson.stringify({ topic, ...input }))}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      await hubs[Symbol.asyncDispose]();
      if (!sharedStore) await store[Symbol.asyncDispose]();
    },
  };
}

function contextOf(url: string): Context {
  const [user = "somebody", expiry] = (
    new URL(url, "http://localhost").searchParams.get("user") ?? "somebody"
  ).split(":");
  return { user, expiresAt: expiry === undefined ? undefined : new Date(Number(expiry)) };
}
