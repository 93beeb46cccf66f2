import { once } from "node:events";
import type { EventStream } from "../streams/event-stream.js";
import type { FrameBatch } from "../streams/frame.js";
import type { FrameSink } from "../streams/frame-sink.js";
import type { StreamCounts } from "../streams/stream-counts.js";
import type { SseConnection, SseRequest, SseResponse } from "./sse-connection.js";
import type { StreamIdentity } from "./sse-handler.js";
import type { SseServer } from "./sse-server.js";
import { warnOf } from "./tell-observer.js";

/**
 * One stream from its request to its end. Its connection is opened when there is something to say, so that what is
 * refused before can be refused in its own way.
 */
export abstract class SseStream implements FrameSink {
  readonly counts: StreamCounts;
  /** The id that the stream starts after, of one that has begun at the newest event and caught up. */
  protected place: string | undefined;
  readonly #aborter = new AbortController();
  #connection: SseConnection | undefined;
  #leave: (() => void) | undefined;
  #delivery: Disposable | undefined;

  constructor(
    protected readonly server: SseServer,
    protected readonly request: SseRequest,
    protected readonly response: SseResponse,
    private readonly service: string,
  ) {
    this.counts = server.countsOf(service);
    response.once("close", () => {
      this.#connection?.onClosed();
      this.release();
    });
    // Whoever has left before this was made is not announced again.
    if (response.closed || request.socket.destroyed) this.release();
  }

  /** Aborts when the stream is over, whoever ended it. */
  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  end(): void {
    if (this.signal.aborted) return;
    try {
      this.sayEnd();
    } catch (error) {
      this.fail(error);
    }
  }

  fail(cause: unknown): void {
    if (this.signal.aborted) return;
    try {
      this.sayFailure(cause);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  write(batch: FrameBatch): void {
    this.connect().write(batch);
  }

  writeTagged(batch: FrameBatch, ids: readonly string[]): void {
    this.connect().writeTagged(batch, ids);
  }

  writeEvent(id: string, event: object): void {
    this.sendEvent(this.textOf(id, event));
  }

  onFlushed(receivedAtMs: number): void {
    this.server.onFlushed(this.service, receivedAtMs);
  }

  goLive(place: string, start: "oldest" | "newest"): SseConnection {
    if (start === "newest") this.place = place;
    return this.connect();
  }

  congestion(): Promise<void> | undefined {
    return this.#connection?.congestion();
  }

  protected abstract sayEnd(): void;
  protected abstract sayFailure(cause: unknown): void;
  protected abstract open(): SseConnection;
  protected abstract textOf(id: string, event: object): string;

  protected sendEvent(text: string): void {
    this.connect().sendEvent(text);
  }

  /** A promise behind another request on the same HTTP/1.1 connection: until it is this one's turn, or it is gone. */
  protected itsTurn(): Promise<unknown> | undefined {
    if ("stream" in this.response || this.response.socket || this.signal.aborted) return undefined;
    return once(this.response, "socket", { signal: this.signal }).catch(() => undefined);
  }

  /** The connection if it is open. */
  protected get connection(): SseConnection | undefined {
    return this.#connection;
  }

  /** The open connection. */
  protected connect(): SseConnection {
    return (this.#connection ??= this.open());
  }

  /** Counts the stream until it is over. */
  protected enter(identity: StreamIdentity | undefined): void {
    this.#leave = this.server.admit(identity);
    this.server.onEntered(this.service, this.request);
  }

  protected deliver(events: EventStream<object>): void {
    if (!this.signal.aborted) this.#delivery = events.deliver(this);
  }

  protected release(): void {
    this.#leave?.();
    this.#leave = undefined;
    this.#aborter.abort();
    this.#delivery?.[Symbol.dispose]();
  }

  /** Not even that can be said: the user's code has answered already, or wants a response that cannot be. */
  #giveUp(error: unknown): void {
    const { response } = this;
    this.release();
    if (response.writableEnded) return;
    warnOf(error);
    if (response.headersSent) return void ("stream" in response ? response.stream : response).destroy();
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    if (!("stream" in response)) response.statusMessage = "";
    response.writeHead(500).end();
  }
}
