import { once } from "node:events";
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { Readable } from "node:stream";
import type { HTTPLinkOptions } from "@trpc/client";
import type { TRPCErrorShape } from "@trpc/server/rpc";
import { createParser } from "eventsource-parser";
import type { EventSourceInit } from "eventsource";
import { Inbox } from "../../support/collect.js";
import type { WireFrame } from "./wire-stream.js";

/** tRPC does not export it by itself. */
type FetchEsque = NonNullable<HTTPLinkOptions<{ errorShape: TRPCErrorShape; transformer: false }>["fetch"]>;

/** One HTTP/2 connection. */
export class Http2Client implements Disposable {
  private constructor(readonly session: ClientHttp2Session) {
    session.on("error", () => {});
  }

  static async open(origin: string, ca: string): Promise<Http2Client> {
    const session = connect(origin, { ca });
    await once(session, "connect");
    return new Http2Client(session);
  }

  async open(path: string, headers: Readonly<Record<string, string>> = {}) {
    const stream = this.session.request({ ":path": path, accept: "text/event-stream", ...headers });
    const [head] = (await once(stream, "response")) as [
      Record<string, string | string[] | number | undefined>,
    ];
    return { stream, status: Number(head[constants.HTTP2_HEADER_STATUS]), headers: head };
  }

  /** What an `EventSource` takes in place of `fetch`. */
  readonly fetch: NonNullable<EventSourceInit["fetch"]> = async (url, init) => {
    const { pathname, search } = new URL(url);
    const { stream, status, headers } = await this.open(pathname + search, init.headers);
    const abort = () => stream.close(constants.NGHTTP2_CANCEL);
    (init.signal as AbortSignal | undefined)?.addEventListener("abort", abort);
    stream.on("error", () => {});
    const body = Readable.toWeb(stream) as ReadableStream<Uint8Array>;
    return {
      url: String(url),
      status,
      redirected: false,
      headers: { get: (name: string) => (headers[name] === undefined ? null : String(headers[name])) },
      body,
    };
  };

  /** What `httpLink` takes in place of `fetch`. */
  readonly fetchCall: FetchEsque = async (url, init) => {
    const { pathname, search } = new URL(url as string | URL);
    const stream = this.session.request({
      ":method": init?.method ?? "GET",
      ":path": pathname + search,
      ...(init?.headers as Record<string, string>),
    });
    let status = 0;
    stream.on("response", (headers) => (status = Number(headers[":status"])));
    stream.end(init?.body);
    let text = "";
    for await (const chunk of stream.setEncoding("utf8")) text += chunk as string;
    return new Response(text, { status });
  };

  [Symbol.dispose](): void {
    this.session.destroy();
  }
}

/** The frames of an HTTP/2 stream as they come. */
export function framesOf(stream: ClientHttp2Stream): Inbox<WireFrame> {
  const inbox = new Inbox<WireFrame>();
  const parser = createParser({
    onEvent: ({ event, id, data }) =>
      inbox.push({ ...(event !== undefined && { event }), ...(id !== undefined && { id }), data }),
  });
  let error: unknown;
  stream.setEncoding("utf8").on("data", (text: string) => parser.feed(text));
  stream.on("error", (cause) => {
    error = cause;
  });
  stream.on("close", () => inbox.end(error));
  return inbox;
}
