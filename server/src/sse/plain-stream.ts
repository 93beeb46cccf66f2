import { getTRPCErrorFromUnknown, TRPCError } from "@trpc/server";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import { AppError } from "../app-error.js";
import type { SseConnection, SseRequest, SseResponse } from "./sse-connection.js";
import type { PlainStreamOptions } from "./sse-handler.js";
import type { SseServer } from "./sse-server.js";
import { SseStream } from "./sse-stream.js";
import { plainText } from "./sse-text.js";
import { tellObserver } from "./tell-observer.js";

/** One stream for consumers without tRPC: plain JSON, and real statuses before it starts. */
export class PlainStream extends SseStream {
  constructor(
    server: SseServer,
    request: SseRequest,
    response: SseResponse,
    private readonly options: PlainStreamOptions,
  ) {
    super(server, request, response, options.service ?? "plain");
  }

  /** Never rejects: what goes wrong goes to the client. */
  async serve(): Promise<void> {
    try {
      const { server, options } = this;
      await this.itsTurn();
      server.requireRunning();
      const identity = await options.identify?.();
      const refusal = server.refusal(identity);
      if (refusal !== undefined) throw new TRPCError({ code: "TOO_MANY_REQUESTS", message: refusal });
      if (this.signal.aborted) return;
      this.#expiresAt = identity?.expiresAt?.getTime() ?? Infinity;
      this.enter(identity);
      this.deliver(await options.open(this.signal));
    } catch (error) {
      this.fail(error);
    }
  }

  /** 204 tells an `EventSource` that came back after the end to stay away. Source: WHATWG HTML, section 9.2. */
  protected sayEnd(): void {
    if (!this.connection) return void this.response.writeHead(204).end();
    this.connection.send(plainText.complete);
    this.connection.close("completed");
  }

  /** Once the stream has started there is no status to give: it breaks off, and whoever comes back is told. */
  protected sayFailure(cause: unknown): void {
    const error = getTRPCErrorFromUnknown(cause);
    tellObserver(() => this.options.onError?.(error));
    if (this.connection) return this.connection.close("failed");
    const status = getHTTPStatusCodeFromError(error);
    const isInternal = error.code === "INTERNAL_SERVER_ERROR";
    const message = isInternal ? "Something went wrong on the server." : error.message;
    this.response.writeHead(status, {
      "content-type": "application/json",
      ...((status === 429 || status === 503) && { "retry-after": "1" }),
    });
    const reason = error instanceof AppError && !isInternal ? error.reason : undefined;
    this.response.end(JSON.stringify({ error: { code: error.code, reason, message } }));
  }

  #expiresAt = Infinity;

  protected textOf(id: string, event: object): string {
    return plainText.data(JSON.stringify(event), id);
  }

  protected open(): SseConnection {
    return this.server.open(this.request, this.response, {
      format: "plain",
      status: 200,
      headers: {},
      text: plainText.opening(this.place),
      pingText: plainText.heartbeat,
      expiresAt: this.#expiresAt,
      counts: this.counts,
      onClose: () => this.release(),
    });
  }
}
