import type { BenchEvent } from "../event.js";

/** All contenders, by the name for the command line, with the one for people. */
export const contenderTitles = {
  jobwire: "Jobwire",
  transport: "its transport alone",
  trpc: "tRPC's own SSE",
  bare: "bare node:http",
  "better-sse": "better-sse channel",
  orpc: "oRPC publisher",
  nchan: "Nchan (nginx)",
  "send-loop": "C loop of send()",
  "layer-handler": "SSE handler on node:http",
  "layer-token": "with tokens verified",
  "layer-headers": "with headers and their checks",
  "layer-limits": "with limits and metrics",
} as const;

export type ContenderName = keyof typeof contenderTitles;
export const contenderNames = Object.keys(contenderTitles) as readonly ContenderName[];

/** One way to serve event streams. The bench calls `serve` in a process of the contender's own. */
export interface Contender {
  readonly name: ContenderName;
  /** The SSE ids end in the numbers 1, 2, 3 … of the events, so they are checked like the events themselves. */
  readonly numbersIds: boolean;
  /** A delivery costs so much that it gets fewer events in the same scenario. */
  readonly isSlow: boolean;
  /** After how long a silence what is missing counts as lost. */
  readonly patienceMs: number;
  /** Where streams that come back find what they missed; `null`: nowhere. */
  readonly keepsLogIn: "redis" | "server" | null;
  /** Why it cannot run on this machine, if so. */
  readonly missing?: (machine: { readonly hasRedis: boolean }) => string | undefined;
  /** Of the tokens of its streams; default: `user`. */
  readonly role?: "service";
  /** Where a stream of the topic is requested with GET. */
  readonly pathOf: (topic: string) => string;
  readonly serve: (options: ServeOptions) => Promise<Serving>;
  /** Called in the process that publishes, which is not the server's. */
  readonly openPublisher: (options: PublisherOptions) => Promise<Publisher>;
}

export interface ServeOptions {
  /** `null`: there is no Redis, events are published in the server's process. */
  readonly redisUrl: string | null;
  readonly heartbeatMs: number;
  /** Bearer tokens are verified also by those who can do without. */
  readonly verifiesTokens: boolean;
  /** Streams may ask for what they missed. */
  readonly retains: boolean;
}

/** A server that runs until its process ends. */
export interface Serving {
  readonly port: number;
  /** Without Redis: publishes from within. */
  readonly publisher?: Publisher;
  /** When the work is done by another process than the one that serves: what it has used, and its end. */
  readonly elsewhere?: { readonly usage: () => Usage; readonly stop: () => Promise<void> };
}

export interface Usage {
  readonly cpuUs: number;
  readonly rssBytes: number;
}

export interface PublisherOptions extends ServeOptions {
  readonly redisUrl: string;
  /** Of the server. */
  readonly port: number;
}

export interface Publisher extends AsyncDisposable {
  publish(topic: string, event: BenchEvent): Promise<void>;
}
