import type { AppRouter } from "@jobwire/server";
import {
  createTRPCClient,
  httpLink,
  httpSubscriptionLink,
  splitLink,
  TRPCClientError,
  type TRPCClient,
} from "@trpc/client";
import { EventSource, type EventSourceInit } from "eventsource";
import superjson from "superjson";

export type TestClient = TRPCClient<AppRouter>;

export interface TestClientOptions {
  /** Where the server is, without `/trpc`. */
  readonly url: string;
  /** Absent: calls go without one. */
  readonly token?: string | undefined;
  /** How streams carry the token: browsers cannot set headers on an EventSource, Node can. */
  readonly streamToken?: "connectionParams" | "header";
}

/** The unmodified tRPC client with an EventSource for Node. */
export function createTestClient({
  url,
  token,
  streamToken = "connectionParams",
}: TestClientOptions): TestClient {
  const endpoint = { url: `${url}/trpc`, transformer: superjson };
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const fetchWithToken: EventSourceInit["fetch"] = (input, init) =>
    fetch(input, { ...init, headers: { ...init.headers, ...headers } });
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === "subscription",
        true: httpSubscriptionLink({
          ...endpoint,
          EventSource,
          ...(streamToken === "header" && { eventSourceOptions: { fetch: fetchWithToken } }),
          ...(streamToken === "connectionParams" && token !== undefined && { connectionParams: { token } }),
        }),
        false: httpLink({ ...endpoint, headers }),
      }),
    ],
  });
}

export interface Refusal {
  readonly code: string | undefined;
  readonly reason: string | null | undefined;
  readonly status: number | undefined;
  readonly message: string;
}

/** The error of a call that is to be refused. Throws when it is accepted. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call;
  } catch (error) {
    return describeRefusal(error);
  }
  throw new Error("The call was accepted.");
}

export function describeRefusal(error: unknown): Refusal {
  if (!isAppClientError(error)) throw error;
  const { data, message } = error;
  return { code: data?.code, reason: data?.reason, status: data?.httpStatus, message };
}

function isAppClientError(error: unknown): error is TRPCClientError<AppRouter> {
  return error instanceof TRPCClientError;
}
