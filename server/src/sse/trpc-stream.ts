import { getTRPCErrorFromUnknown, TRPCError, type AnyTRPCProcedure } from "@trpc/server";
import type { TRPCRequestInfo } from "@trpc/server/http";
import { isObservable, observableToAsyncIterable } from "@trpc/server/observable";
import { eventTransformer } from "../streams/event-codec.js";
import { isEventStream } from "../streams/event-stream.js";
import { lastEventIdOf } from "./last-event-id.js";
import { requestInfoOf } from "./request.js";
import { responseMetaOf } from "./response-meta.js";
import { serveIterable } from "./serve-iterable.js";
import type { SseConnection, SseRequest, SseResponse } from "./sse-connection.js";
import type { StreamIdentity } from "./sse-handler.js";
import type { SseServer } from "./sse-server.js";
import { SseStream } from "./sse-stream.js";
import { sseText } from "./sse-text.js";
import { tellObserver, warnOf } from "./tell-observer.js";

/** What a client asks for. */
export interface SubscriptionCall {
  readonly url: URL;
  /** Its name in the router: `jobs.events`. */
  readonly path: string;
  readonly procedure: AnyTRPCProcedure;
}

/** One call of a subscription procedure, with tRPC's wire format. */
export class TrpcStream extends SseStream {
  #info: TRPCRequestInfo | undefined;
  #context: unknown;
  #identity: StreamIdentity | undefined;

  constructor(
    server: SseServer,
    request: SseRequest,
    response: SseResponse,
    private readonly call: SubscriptionCall,
  ) {
    super(server, request, response, call.path.split(".", 1)[0] ?? call.path);
  }

  /** Never rejects: what goes wrong goes to the client. */
  async serve(): Promise<void> {
    try {
      await this.itsTurn();
      const refusal = await this.#admit();
      if (this.signal.aborted) return;
      if (refusal !== undefined) return this.#refuse(refusal);
      await this.#stream(await this.#call());
    } catch (error) {
      this.fail(error);
    }
  }

  protected sayEnd(): void {
    this.connect().send(sseText.return);
    this.connect().close("completed");
  }

  protected sayFailure(cause: unknown): void {
    // As tRPC does: a stream whose work was aborted breaks off, and its client comes back.
    const isAborted = cause instanceof Error && cause.name === "AbortError";
    const text = isAborted ? "" : sseText.error(this.#report(getTRPCErrorFromUnknown(cause)));
    const connection = this.connect();
    if (text) connection.send(text);
    connection.close("failed");
  }

  protected open(): SseConnection {
    const { server, request, response } = this;
    const { status = response.statusCode, headers } = this.#meta();
    return server.open(request, response, {
      format: "trpc",
      status,
      headers: {
        ...headers,
        vary: [response.getHeader("vary") ?? [], headers.vary ?? [], "trpc-accept", "accept"]
          .flat()
          .join(", "),
      },
      text: sseText.opening(server.connectedText, this.place),
      pingText: sseText.ping,
      expiresAt: this.#expiresAt(),
      counts: this.counts,
      onClose: () => this.release(),
    });
  }

  protected textOf(id: string, event: object): string {
    return sseText.data(this.server.router.outputJson(event), id);
  }

  #meta(): ReturnType<typeof responseMetaOf> {
    try {
      return responseMetaOf(this.server.options, { info: this.#info, ctx: this.#context });
    } catch (error) {
      warnOf(error);
      return { status: 500, headers: {} };
    }
  }

  /** @returns why the stream is refused, if it is. */
  async #admit(): Promise<string | undefined> {
    const { server, request, response, signal } = this;
    const { createContext, identify } = server.options;
    const { url, path, procedure } = this.call;
    this.#info = requestInfoOf(request, { url, path, procedure, router: server.router, signal });
    server.requireRunning();
    const refusal = server.refusal();
    if (refusal !== undefined) return refusal;
    this.#context = await createContext({ req: request, res: response, info: this.#info });
    this.#identity = await identify?.(this.#context);
    const refusalOfUser = server.refusal(this.#identity);
    if (refusalOfUser === undefined && !signal.aborted) this.enter(this.#identity);
    return refusalOfUser;
  }

  #call(): Promise<unknown> {
    const { path, procedure } = this.call;
    const [about] = this.#info?.calls ?? [];
    return procedure({
      path,
      getRawInput: async () => about?.getRawInput(),
      ctx: this.#context,
      type: "subscription",
      signal: this.signal,
      batchIndex: 0,
    });
  }

  async #stream(result: unknown): Promise<void> {
    const { router } = this.server;
    const { emitAndEndImmediately = false } = router.sse;
    if (isEventStream(result) && router.outputTransformer === eventTransformer && !emitAndEndImmediately) {
      return this.deliver(result);
    }
    if (this.signal.aborted) return;
    this.connect();
    const isEnd = await serveIterable(this.#iterableOf(result), {
      send: (text) => this.sendEvent(text),
      congestion: () => this.congestion(),
      toJson: (value) => router.outputJson(value),
      turns: this.server.turns,
      signal: this.signal,
      lastEventId: lastEventIdOf(this.request, this.call.url),
      emitAndEndImmediately,
      onError: (error) => void this.#report(getTRPCErrorFromUnknown(error)),
    });
    if (isEnd) this.end();
    else this.connection?.close("expired");
  }

  #iterableOf(result: unknown): AsyncIterable<unknown> {
    if (isObservable(result)) return observableToAsyncIterable(result, this.signal);
    if (typeof result === "object" && result !== null && Symbol.asyncIterator in result)
      return result as AsyncIterable<unknown>;
    throw new TRPCError({
      code: "INTERNAL_SERVER_ERROR",
      message: `Subscription ${this.call.path} did not return an observable or an async iterable`,
    });
  }

  /** The token's end or, sooner, the end of `maxDurationMs`. */
  #expiresAt(): number {
    const { maxDurationMs = Infinity } = this.server.router.sse;
    return Math.min(this.#identity?.expiresAt?.getTime() ?? Infinity, Date.now() + maxDurationMs);
  }

  /** A real 429, in tRPC's shape: cheap to give and clear to everybody on the way. */
  #refuse(message: string): void {
    const json = this.#report(new TRPCError({ code: "TOO_MANY_REQUESTS", message }));
    this.response.writeHead(429, { "content-type": "application/json", "retry-after": "1" });
    this.response.end(`{"error":${json}}`);
  }

  /** @returns the error as JSON for the client. */
  #report(error: TRPCError): string | undefined {
    const { server, request } = this;
    const { path } = this.call;
    const input = this.#info?.calls[0]?.result();
    const failure = { error, type: "subscription", path, input, ctx: this.#context } as const;
    tellObserver(() => server.options.onError?.({ ...failure, req: request }));
    try {
      return server.router.errorJson(failure);
    } catch (cause) {
      warnOf(cause);
      return "null";
    }
  }
}
