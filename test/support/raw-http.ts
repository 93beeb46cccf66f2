import { createParser } from "eventsource-parser";
import superjson from "superjson";
import { Inbox } from "./collect.js";

/** A call over bare HTTP, as `curl` would make it. */
export interface RawRequest {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
  readonly input?: unknown;
  /** Sent as it is, in place of `input`. */
  readonly body?: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export async function callRaw(url: string, path: string, request: RawRequest = {}): Promise<RawAnswer> {
  const { method = "POST" } = request;
  const isPost = method === "POST";
  const response = await fetch(`${url}/trpc/${path}${isPost ? "" : queryOf(request.input)}`, {
    method,
    headers: { ...(isPost && { "content-type": "application/json" }), ...headersOf(request) },
    ...(isPost && { body: request.body ?? JSON.stringify(superjson.serialize(request.input)) }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The error in tRPC's shape that an answer carries. Throws when it carries none. */
export function errorOf({ text }: RawAnswer): RawError {
  const body: unknown = JSON.parse(text);
  if (typeof body !== "object" || body === null || !("error" in body)) throw new Error(`No error in ${text}`);
  return readError(body.error);
}

export interface RawError {
  readonly message: string;
  readonly code: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One frame as it was sent. `data` is the text, not what it says. */
export interface Frame {
  readonly event?: string | undefined;
  readonly id?: string | undefined;
  readonly data?: string;
  readonly comment?: string;
}

export interface RawStream extends AsyncDisposable {
  readonly status: number;
  readonly headers: Headers;
  readonly frames: readonly Frame[];
  /** The reconnection delays (`retry:`) the server has asked for. */
  readonly retriesMs: readonly number[];
  until(isWanted: (frame: Frame) => boolean): Promise<Frame>;
  /** Resolves when the server has closed the response, with an error when the connection broke. */
  ended(): Promise<Error | undefined>;
  /** Goes away, as a closed browser tab does. */
  disconnect(): void;
}

/** Opens a subscription with fetch and shows its frames exactly. */
export async function openRawStream(url: string, path: string, request: RawRequest = {}): Promise<RawStream> {
  const abort = new AbortController();
  const response = await fetch(`${url}/trpc/${path}${queryOf(request.input)}`, {
    headers: { accept: "text/event-stream", ...headersOf(request) },
    signal: abort.signal,
  });
  const inbox = new Inbox<Frame>();
  const retriesMs: number[] = [];
  const reading = readFrames(response, inbox, retriesMs).catch((error: unknown) => inbox.end(error));
  return {
    status: response.status,
    headers: response.headers,
    frames: inbox.items,
    retriesMs,
    until: (isWanted) => inbox.until(isWanted),
    ended: () => inbox.ended(),
    disconnect: () => abort.abort(),
    async [Symbol.asyncDispose]() {
      abort.abort();
      await reading;
    },
  };
}

/** What a frame's `data` says, with superjson's types restored. */
export function decodeFrame({ data = "" }: Frame): unknown {
  return superjson.parse(data);
}

/** The error a `serialized-error` frame carries. */
export function errorOfFrame({ data = "" }: Frame): RawError {
  return readError(JSON.parse(data));
}

async function readFrames(response: Response, inbox: Inbox<Frame>, retriesMs: number[]): Promise<void> {
  const parser = createParser({
    onEvent: ({ event, id, data }) => inbox.push({ event, id, data }),
    onComment: (comment) => inbox.push({ comment }),
    onRetry: (retryMs) => retriesMs.push(retryMs),
    onError: (error) => inbox.end(error),
  });
  if (response.body) {
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) parser.feed(text);
  }
  inbox.end();
}

function queryOf(input: unknown): string {
  return input === undefined
    ? ""
    : `?input=${encodeURIComponent(JSON.stringify(superjson.serialize(input)))}`;
}

function headersOf({ headers, token }: RawRequest): Record<string, string> {
  return { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers };
}

function readError(serialized: unknown): RawError {
  return superjson.deserialize<RawError>(serialized as Parameters<typeof superjson.deserialize>[0]);
}
