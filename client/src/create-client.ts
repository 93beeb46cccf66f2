import type { AppRouter } from "@jobwire/server";
import { createTRPCClient, httpLink, httpSubscriptionLink, splitLink, type TRPCClient } from "@trpc/client";
import { EventSource, type EventSourceInit } from "eventsource";
import superjson from "superjson";

export type JobwireClient = TRPCClient<AppRouter>;

/** A function is asked before every request and every connection attempt: a fresh token takes effect by itself. */
export type TokenSource = string | (() => string | Promise<string>);

export interface JobwireClientOptions {
  /** Where the server is, without `/trpc`: `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly token: TokenSource;
}

/**
 * A typed client for Node services. The token travels in the `Authorization` header only, never in a URL, where logs
 * would keep it.
 */
export function createJobwireClient({ url, token }: JobwireClientOptions): JobwireClient {
  const endpoint = { url: `${url.replace(/\/+$/, "")}/trpc`, transformer: superjson };
  const authorization = async () => `Bearer ${typeof token === "string" ? token : await token()}`;

  const fetchAuthorized: EventSourceInit["fetch"] = async (input, init) =>
    fetch(input, { ...init, headers: { ...init.headers, Authorization: await authorization() } });

  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === "subscription",
        true: httpSubscriptionLink({
          ...endpoint,
          EventSource,
          eventSourceOptions: { fetch: fetchAuthorized },
        }),
        false: httpLink({
          ...endpoint,
          headers: async () => ({ Authorization: await authorization() }),
        }),
      }),
    ],
  });
}
