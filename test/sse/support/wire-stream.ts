import { request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { once } from "node:events";
import { createParser } from "eventsource-parser";
import { Inbox } from "../../support/collect.js";

/** One frame as it was sent. `data` is the text, not what it says. */
export interface WireFrame {
  readonly event?: string;
  readonly id?: string;
  readonly data?: string;
  readonly retryMs?: number;
}

export interface WireStream extends Disposable {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** What has arrived so far, without the `retry:` lines. */
  readonly frames: readonly WireFrame[];
  /** Each `retry:` so far, in milliseconds. */
  readonly retries: readonly number[];
  readonly request: ClientRequest;
  until(isWanted: (frame: WireFrame) => boolean): Promise<WireFrame>;
  first(count: number): Promise<WireFrame[]>;
  /** All frames, once the server has ended the response. Rejects when the connection broke instead. */
  completed(): Promise<readonly WireFrame[]>;
  /** Resolves with the error of the connection, or with `undefined` when the response was ended. */
  ended(): Promise<unknown>;
  /** Goes away at once, as a closed browser tab does. */
  leave(): void;
}

export interface WireRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The authority that signed the server's certificate. */
  readonly ca?: string;
}

/** A server that does not answer for so long never will. */
const patienceMs = 10_000;

/** Sends a request on a connection of its own and waits for the head of the answer. */
export async function send(url: string, { method = "GET", headers, ca }: WireRequest = {}) {
  const options = { method, headers: { accept: "text/event-stream", ...headers }, agent: false as const, ca };
  const request = url.startsWith("https:") ? httpsRequest(url, options) : httpRequest(url, options);
  // What breaks after the head of the answer is the reader's to see, not an uncaught error of the request.
  request.on("error", () => {});
  request.end();
  const signal = AbortSignal.timeout(patienceMs);
  const [response] = (await once(request, "response", { signal })) as [IncomingMessage];
  return { request, response };
}

/** An answer that ends: its status, headers and text. */
export async function fetchText(url: string, options?: WireRequest) {
  const { response } = await send(url, options);
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk as string;
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

/** Opens a stream and shows its frames exactly. */
export async function openStream(url: string, options?: WireRequest): Promise<WireStream> {
  const { request, response } = await send(url, options);
  const inbox = new Inbox<WireFrame>();
  const retries: number[] = [];
  readFrames(response, inbox, retries).then(
    () => inbox.end(),
    (error: unknown) => inbox.end(error),
  );
  const leave = () => request.destroy();
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    frames: inbox.items,
    retries,
    request,
    until: (isWanted) => inbox.until(isWanted),
    first: (count) => inbox.first(count),
    async completed() {
      const error = await inbox.ended();
      if (error !== undefined) throw error;
      return inbox.items;
    },
    ended: () => inbox.ended(),
    leave,
    [Symbol.dispose]: leave,
  };
}

/** All frames of a stream that ends by itself. */
export async function readStream(url: string, options?: WireRequest): Promise<readonly WireFrame[]> {
  using stream = await openStream(url, options);
  return await stream.completed();
}

async function readFrames(
  response: IncomingMessage,
  inbox: Inbox<WireFrame>,
  retries: number[],
): Promise<void> {
  const parser = createParser({
    onEvent: ({ event, id, data }) =>
      inbox.push({ ...(event !== undefined && { event }), ...(id !== undefined && { id }), data }),
    onRetry: (ms) => retries.push(ms),
    onError: (error) => inbox.end(error),
  });
  for await (const chunk of response.setEncoding("utf8")) parser.feed(chunk as string);
}
