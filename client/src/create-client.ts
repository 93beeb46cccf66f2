import type { AppRouter } from "@jobwire/server";
import type {
  JobFeedEvent,
  JobStreamEvent,
  OutputStreamEvent,
  SessionStreamEvent,
  SpoolStreamEvent,
} from "@jobwire/shared";
import { createTRPCClient, httpLink, splitLink, type TRPCClient } from "@trpc/client";
import type { inferRouterInputs } from "@trpc/server";
import superjson from "superjson";
import { createConnectionMonitor, type ConnectionStore } from "./connection-state.js";
import { EventIterator } from "./event-iterator.js";
import { canRefresh, headersOf } from "./sse/endpoint.js";
import { joinHeaders } from "./sse/headers.js";
import { cursorIn } from "./sse/stream-call.js";
import { withPlainErrors } from "./plain-errors.js";
import { openStream, type StreamSettings } from "./open-stream.js";
import { sseLink } from "./sse-link.js";

/** The calls of a Jobwire server, as tRPC types them. */
export type JobwireTrpc = TRPCClient<AppRouter>;

/** Where the server is, and how it is spoken to. Only `url` is needed. */
export interface JobwireClientOptions extends Pick<
  StreamSettings,
  "token" | "headers" | "backoff" | "connectTimeoutMs" | "pauseWhenHidden"
> {
  /** Where the server is, without `/trpc`: `http://127.0.0.1:3000`. */
  readonly url: string;
  /** For streams and calls, in place of the global one: where that cannot stream, or to add to its options. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /**
   * Names the user who is signed in: tabs of one origin with the same name here share each stream they have in common,
   * so that any number of them needs one connection. Where tabs cannot find each other (without Web Locks or
   * BroadcastChannel) each has its own. Left out: nothing is shared. Sessions never are.
   */
  readonly shareAs?: string;
}

type Inputs = inferRouterInputs<AppRouter>;

/** Ends a stream when it is aborted. */
interface WatchOptions {
  readonly signal?: AbortSignal;
}

/** Where a job's stream begins, which events it gives, and what ends it. */
export type WatchJobOptions = Omit<Inputs["jobs"]["events"], "jobId"> & WatchOptions;
/** Where a job's output begins, of which stage, and what ends it. */
export type WatchOutputOptions = Omit<Inputs["jobs"]["output"], "jobId"> & WatchOptions;
/** Whose jobs, which events, where it begins, and what ends it. */
export type WatchFeedOptions = NonNullable<Inputs["jobs"]["feed"]> & WatchOptions;
/** Where the board's stream begins, and what ends it. */
export type WatchSpoolsOptions = NonNullable<Inputs["spools"]["updates"]> & WatchOptions;
/** Where a session's stream begins, and what ends it. */
export type WatchSessionOptions = Omit<Inputs["sessions"]["events"], "requestId"> & WatchOptions;

/** The calls and streams of one Jobwire server. Disposing it closes it. */
export interface JobwireClient extends AsyncDisposable {
  /** Every procedure of the server. */
  readonly trpc: JobwireTrpc;
  readonly jobs: {
    /** A job's retained events and those to come, until the job is finished. */
    watch(jobId: string, options?: WatchJobOptions): EventIterator<JobStreamEvent>;
    /** What the job's commands write, from the oldest that is kept, until the job is finished. */
    output(jobId: string, options?: WatchOutputOptions): EventIterator<OutputStreamEvent>;
    /** The events of all the caller's jobs. Never ends by itself. */
    feed(options?: WatchFeedOptions): EventIterator<JobFeedEvent>;
  };
  readonly spools: {
    /** What happens on the board. Never ends by itself. */
    watch(options?: WatchSpoolsOptions): EventIterator<SpoolStreamEvent>;
  };
  readonly sessions: {
    /** Everything meant for one session, until a newer connection has it. */
    watch(requestId: string, options?: WatchSessionOptions): EventIterator<SessionStreamEvent>;
  };
  /** The state of all streams of this client. */
  readonly connection: ConnectionStore;
  /** Ends all streams; no more can be opened. */
  close(): void;
}

/**
 * A typed client for browsers and services. Streams connect again by themselves and continue where they were; a token
 * travels in the `Authorization` header only.
 */
export function createJobwireClient(options: JobwireClientOptions): JobwireClient {
  const { fetch: send = fetch, shareAs, ...rest } = options;
  const url = `${options.url.replace(/\/+$/, "")}/trpc`;
  const monitor = createConnectionMonitor();
  const closing = new AbortController();
  const settings: StreamSettings = {
    ...rest,
    url,
    fetch: send,
    monitor,
    signal: closing.signal,
    // A second tab with a session is a new connection of it, which ends the one before.
    shareAs: (path) => (path.startsWith("sessions.") ? undefined : shareAs),
  };

  function watch<Event>(path: string, input: object, signal: AbortSignal | undefined): EventIterator<Event> {
    const transformer = { input: superjson, output: superjson };
    const stream = openStream(settings, { path, input, transformer, pathSeparator: "." }, signal);
    return new EventIterator(stream, cursorIn(input));
  }

  async function ask(target: string, init: RequestInit, wasRefused: boolean): Promise<Response> {
    const own = Object.fromEntries(new Headers(init.headers));
    return send(target, { ...init, headers: joinHeaders(own, await headersOf(options, { wasRefused })) });
  }

  /** A call whose token is refused has done nothing: as a stream, it is made once more with a fresh one. */
  async function call(target: string, init: RequestInit): Promise<Response> {
    const response = await ask(target, init, false);
    if (response.status !== 401 || !canRefresh(options)) return response;
    response.body?.cancel().catch(() => {});
    return ask(target, init, true);
  }

  const close = () => closing.abort();
  return {
    trpc: createTRPCClient<AppRouter>({
      links: [
        splitLink({
          condition: ({ type }) => type === "subscription",
          true: sseLink({ ...settings, transformer: superjson }),
          false: httpLink({
            url,
            transformer: superjson,
            fetch: async (input, { signal, ...init } = {}) =>
              withPlainErrors(await call(String(input), { ...init, signal: signal ?? null })),
          }),
        }),
      ],
    }),
    jobs: {
      watch: (jobId, { signal, ...input } = {}) => watch("jobs.events", { jobId, ...input }, signal),
      output: (jobId, { signal, ...input } = {}) => watch("jobs.output", { jobId, ...input }, signal),
      feed: ({ signal, ...input } = {}) => watch("jobs.feed", input, signal),
    },
    spools: { watch: ({ signal, ...input } = {}) => watch("spools.updates", input, signal) },
    sessions: {
      watch: (requestId, { signal, ...input } = {}) =>
        watch("sessions.events", { requestId, ...input }, signal),
    },
    connection: { getSnapshot: monitor.getSnapshot, subscribe: monitor.subscribe },
    close,
    [Symbol.asyncDispose]: async () => close(),
  };
}
