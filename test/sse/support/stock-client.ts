import { createTRPCUntypedClient, httpSubscriptionLink, TRPCClientError } from "@trpc/client";
import type { AnyTRPCRouter } from "@trpc/server";
import { EventSource, type EventSourceInit } from "eventsource";
import superjson from "superjson";
import { Inbox } from "../../support/collect.js";

/** What the unmodified client says to its caller, in the order it says it. */
export type Saying =
  | { readonly says: "started" }
  | { readonly says: "data"; readonly data: unknown }
  | { readonly says: "error"; readonly code: string | undefined; readonly message: string }
  | { readonly says: "complete" }
  | { readonly says: "state"; readonly state: string; readonly code?: string | undefined };

export interface StockOptions {
  readonly superjson?: boolean;
  readonly connectionParams?: Readonly<Record<string, string>>;
  readonly pathSeparator?: "." | "~";
  readonly eventSourceOptions?: EventSourceInit;
}

/** One subscription of tRPC's own client with an EventSource for Node, and all it has said. */
export class StockStream implements Disposable {
  readonly #inbox = new Inbox<Saying>();
  readonly #subscription: { unsubscribe(): void };

  constructor(url: string, path: string, input?: unknown, options: StockOptions = {}) {
    const client = createTRPCUntypedClient<AnyTRPCRouter>({ links: [linkOf(url, options)] });
    const say = (saying: Saying) => this.#inbox.push(saying);
    this.#subscription = client.subscription(path, input, {
      onStarted: () => say({ says: "started" }),
      onData: (data) => say({ says: "data", data }),
      onError: (error) => {
        say({ says: "error", code: codeOf(error), message: error.message });
        this.#inbox.end();
      },
      onComplete: () => {
        say({ says: "complete" });
        this.#inbox.end();
      },
      onConnectionStateChange: ({ state, error }) => {
        const code = error ? codeOf(error) : undefined;
        say({ says: "state", state, ...(code !== undefined && { code }) });
      },
    });
  }

  get sayings(): readonly Saying[] {
    return this.#inbox.items;
  }

  /** What was said but for changes of the connection's state. */
  get results(): readonly Saying[] {
    return this.sayings.filter(({ says }) => says !== "state");
  }

  get values(): unknown[] {
    return this.sayings.flatMap((saying) => (saying.says === "data" ? [saying.data] : []));
  }

  until(isWanted: (saying: Saying) => boolean): Promise<Saying> {
    return this.#inbox.until(isWanted);
  }

  /** The first `count` values, as soon as there are as many. */
  async firstValues(count: number): Promise<unknown[]> {
    await this.#inbox.until(() => this.values.length >= count);
    return this.values.slice(0, count);
  }

  /** Resolves when the server has said `connected` so many times. */
  async connected(times = 1): Promise<void> {
    const isPending = (saying: Saying) => saying.says === "state" && saying.state === "pending";
    await this.#inbox.until(() => this.sayings.filter(isPending).length >= times);
  }

  /** Resolves when the subscription is over, with all results. */
  async over(): Promise<readonly Saying[]> {
    await this.#inbox.ended();
    return this.results;
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
  }
}

function linkOf(url: string, { superjson: usesSuperjson, ...options }: StockOptions) {
  const endpoint = { url, EventSource, ...options };
  // The link's type asks for a transformer if, and only if, the router has one; here any router will do.
  return httpSubscriptionLink<AnyTRPCRouter, typeof EventSource>(
    usesSuperjson ? { ...endpoint, transformer: superjson } : endpoint,
  );
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof TRPCClientError)) return undefined;
  const data: unknown = error.data;
  if (typeof data !== "object" || data === null || !("code" in data)) return undefined;
  return typeof data.code === "string" ? data.code : undefined;
}
