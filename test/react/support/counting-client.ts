import { createJobwireClient, type JobwireClient } from "@jobwire/client";

export type Send = (url: string, init: RequestInit) => Promise<Response>;

export interface CountingClient {
  readonly client: JobwireClient;
  /** The paths of the streams that were asked for, each attempt once. */
  readonly opened: readonly string[];
  /** The paths of those that are open. */
  readonly open: readonly string[];
}

/** A client, and which streams its user has. */
export function createCountingClient(options: {
  readonly url: string;
  readonly token: string | (() => string);
  /** In place of the global one. */
  readonly fetch?: Send;
}): CountingClient {
  const opened: string[] = [];
  const open: string[] = [];
  const { fetch: send = fetch } = options;
  const countingFetch = async (url: string, init: RequestInit) => {
    const isStream = new Headers(init.headers).get("accept") === "text/event-stream";
    if (!isStream) return send(url, init);
    const path = new URL(url).pathname.replace("/trpc/", "");
    opened.push(path);
    const response = await send(url, init);
    open.push(path);
    const close = () => void open.splice(open.indexOf(path), 1);
    init.signal?.addEventListener("abort", close, { once: true });
    return response;
  };
  const client = createJobwireClient({
    ...options,
    fetch: countingFetch,
    backoff: { baseMs: 20, capMs: 100 },
  });
  return { client, opened, open };
}
