import type { AppRouter } from "@jobwire/server";
import { sseLink } from "@jobwire/client";
import {
  createTRPCClient,
  createTRPCUntypedClient,
  httpLink,
  httpSubscriptionLink,
  splitLink,
  type TRPCLink,
} from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";
import { EventSource } from "eventsource";
import superjson from "superjson";
import { Collected, type StreamCallbacks } from "../../support/collect.js";
import type { TestClient } from "../../support/test-client.js";
import type { TopicEvent } from "../../sse/support/topic-server.js";

/** A link for subscriptions, set up as a browser can have it: no headers on an `EventSource`. */
export interface LinkUnderTest {
  readonly name: "httpSubscriptionLink" | "sseLink";
  /** A client of Jobwire. The token is asked for as often as the link can. */
  readonly client: (url: string, token?: () => string) => TestClient;
  /** A stream of a topic server. */
  readonly watchTopic: (url: string, topic: string) => Collected<TopicEvent>;
}

interface Endpoint {
  readonly url: string;
  readonly token?: (() => string) | undefined;
}

export const stockLink = linkUnderTest("httpSubscriptionLink", ({ url, token }) =>
  httpSubscriptionLink<AnyTRPCRouter, typeof EventSource>({
    url,
    transformer: superjson,
    EventSource,
    ...(token && { connectionParams: () => ({ token: token() }) }),
  }),
);

export const ourLink = linkUnderTest("sseLink", (endpoint) => openOurs(endpoint, 30_000));

/** Ours with less patience than it has by itself, where a test would wait too long for it. */
export const impatientLink = linkUnderTest("sseLink", (endpoint) => openOurs(endpoint, 200));

function openOurs({ url, token }: Endpoint, connectTimeoutMs: number): TRPCLink<AnyTRPCRouter> {
  const backoff = { baseMs: 20, capMs: 200 };
  return sseLink<AnyTRPCRouter>({ url, token, transformer: superjson, backoff, connectTimeoutMs });
}

function linkUnderTest(
  name: LinkUnderTest["name"],
  open: (endpoint: Endpoint) => TRPCLink<AnyTRPCRouter>,
): LinkUnderTest {
  return {
    name,
    client(url, token) {
      const endpoint = { url: `${url}/trpc`, transformer: superjson };
      return createTRPCClient<AppRouter>({
        links: [
          splitLink({
            condition: ({ type }) => type === "subscription",
            true: open({ url: endpoint.url, token }),
            false: httpLink({
              ...endpoint,
              headers: () => (token ? { authorization: `Bearer ${token()}` } : {}),
            }),
          }),
        ],
      });
    },
    watchTopic(url, topic) {
      const client = createTRPCUntypedClient<AnyTRPCRouter>({ links: [open({ url })] });
      const subscribe = (callbacks: StreamCallbacks<TopicEvent>) =>
        client.subscription("topic", { topic }, callbacks as StreamCallbacks<unknown> as never);
      return new Collected<TopicEvent>(subscribe);
    },
  };
}
