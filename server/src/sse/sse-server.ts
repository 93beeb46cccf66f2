import { setTimeout as delay } from "node:timers/promises";
import { timerMs } from "@jobwire/shared";
import type { AnyTRPCRouter } from "@trpc/server";
import { AppError } from "../app-error.js";
import { FairTurns } from "../streams/fair-turns.js";
import { StreamCounts } from "../streams/stream-counts.js";
import { Heartbeat } from "./heartbeat.js";
import { PlainStream } from "./plain-stream.js";
import { lastEventIdOf } from "./last-event-id.js";
import { procedurePathOf, urlOf } from "./request.js";
import { RouterEdge } from "./router-edge.js";
import {
  SseConnection,
  type CloseReason,
  type ConnectionOptions,
  type SseRequest,
  type SseResponse,
} from "./sse-connection.js";
import type { PlainStreamOptions, SseHandlerOptions, SseStatistics, StreamIdentity } from "./sse-handler.js";
import { sseHeaders, sseText } from "./sse-text.js";
import { StreamLimits } from "./stream-limits.js";
import { tellObserver } from "./tell-observer.js";
import { TrpcStream } from "./trpc-stream.js";

const drainStepMs = 10;

/** What an opening connection says of itself; the rest is the same for all of a server. */
export interface Opening extends Pick<ConnectionOptions, "format" | "pingText" | "expiresAt" | "counts"> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** What follows the `retry:` that comes first. */
  readonly text: string;
  readonly onClose: () => void;
}

/** What the streams of one handler share: heartbeat, limits, the open connections, draining. */
export class SseServer {
  readonly router: RouterEdge;
  readonly heartbeatMs: number;
  /** Of the streams that are served in the ordinary way. */
  readonly turns = new FairTurns();
  /** What every stream of tRPC begins with. */
  readonly connectedText: string;
  readonly #heartbeat: Heartbeat;
  readonly #limits: StreamLimits;
  readonly #connections = new Set<SseConnection>();
  readonly #countsByService = new Map<string, StreamCounts>();
  readonly #closed = { completed: 0, failed: 0, client: 0, slow: 0, dead: 0, expired: 0, drained: 0 };
  #opened = 0;
  #refused = 0;
  #isDraining = false;

  constructor(readonly options: SseHandlerOptions<AnyTRPCRouter>) {
    this.router = new RouterEdge(options.router);
    const { ping, client } = this.router.sse;
    this.heartbeatMs =
      (options.heartbeatMs ?? (ping?.enabled ? (ping.intervalMs ?? 1000) : 15_000)) || Infinity;
    this.connectedText = sseText.connected(
      client ?? { reconnectAfterInactivityMs: timerMs(3 * this.heartbeatMs) },
    );
    this.#heartbeat = new Heartbeat(this.heartbeatMs);
    this.#limits = new StreamLimits(options.maxConnections ?? 10_000, options.maxConnectionsPerUser ?? 1000);
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  get statistics(): SseStatistics {
    return {
      active: this.#connections.size,
      opened: this.#opened,
      refused: this.#refused,
      closed: this.#closed,
      services: this.#countsByService,
    };
  }

  countsOf(service: string): StreamCounts {
    let counts = this.#countsByService.get(service);
    if (!counts) this.#countsByService.set(service, (counts = new StreamCounts()));
    return counts;
  }

  onFlushed(service: string, receivedAtMs: number): void {
    const seconds = (performance.now() - receivedAtMs) / 1000;
    tellObserver(() => this.options.onSend?.(service, seconds));
  }

  onEntered(service: string, request: SseRequest): void {
    const { onReconnect } = this.options;
    if (!onReconnect) return;
    const url = urlOf(request);
    if (url && lastEventIdOf(request, url) !== null) tellObserver(() => onReconnect(service, request));
  }

  /** @throws AppError `SHUTTING_DOWN` while draining */
  requireRunning(): void {
    if (!this.#isDraining) return;
    this.#refused += 1;
    throw new AppError("SHUTTING_DOWN", "The server is shutting down; connect again.");
  }

  async serve(request: SseRequest, response: SseResponse): Promise<boolean> {
    if (request.method !== "GET" || this.router.sse.enabled === false) return false;
    const url = urlOf(request);
    const urlPath = url && procedurePathOf(url, this.options.basePath ?? "/");
    if (url === null || urlPath === null) return false;
    const path = this.router.procedurePath(urlPath);
    // A lazy router that cannot be loaded is for tRPC's own handler to complain of.
    const procedure = this.router.loaded(path) ?? (await this.router.load(path).catch(() => undefined));
    if (procedure?._def.type !== "subscription") return false;
    const call = { url, path, procedure };
    void new TrpcStream(this, request, response, call).serve();
    return true;
  }

  servePlain(request: SseRequest, response: SseResponse, options: PlainStreamOptions): Promise<void> {
    return new PlainStream(this, request, response, options).serve();
  }

  /** Why there is no room for one more stream (of this user), if so. */
  refusal(identity?: StreamIdentity): string | undefined {
    const refusal = this.#limits.refusal(identity?.userId);
    if (refusal !== undefined) this.#refused += 1;
    return refusal;
  }

  /** Counts a stream until the returned function is called, once. */
  admit(identity?: StreamIdentity): () => void {
    this.#limits.enter(identity?.userId);
    return () => this.#limits.leave(identity?.userId);
  }

  open(
    request: SseRequest,
    response: SseResponse,
    { status, headers, text, onClose, format, pingText, expiresAt, counts }: Opening,
  ): SseConnection {
    const { maxBufferedBytes = 1_048_576, sendTimeoutMs = 30_000 } = this.options;
    if (Number.isNaN(expiresAt)) throw new TypeError("The end of this stream is no date: see `identify`.");
    const connection: SseConnection = new SseConnection(
      response,
      status,
      // A client that comes while the server stops is to come back on another connection.
      {
        ...sseHeaders,
        ...headers,
        ...(this.#isDraining && request.httpVersionMajor === 1 && { connection: "close" }),
      },
      sseText.retry(this.#retryMs()) + text,
      {
        format,
        pingText,
        expiresAt,
        counts,
        maxBufferedBytes,
        sendTimeoutMs: timerMs(sendTimeoutMs),
        heartbeat: this.#heartbeat,
        onClose: (reason: CloseReason) => {
          this.#connections.delete(connection);
          this.#closed[reason] += 1;
          onClose();
          tellObserver(() => this.options.onClose?.(reason));
        },
      },
    );
    this.#connections.add(connection);
    this.#opened += 1;
    if (this.#isDraining) process.nextTick(() => connection.close("drained"));
    return connection;
  }

  async drain(overMs: number): Promise<void> {
    this.#isDraining = true;
    // What was published in this turn goes out first.
    await delay(0);
    const startedAt = performance.now();
    const total = this.#connections.size;
    for (let closed = 0; this.#connections.size > 0; await delay(drainStepMs)) {
      const share = overMs > 0 ? (performance.now() - startedAt + drainStepMs) / overMs : 1;
      const due = Math.ceil(total * Math.min(1, share)) - closed;
      for (const connection of [...this.#connections].slice(0, Math.max(1, due))) {
        connection.send(sseText.retry(this.#retryMs()));
        connection.close("drained");
        closed += 1;
      }
    }
  }

  /** Jittered, so that those who were cut off together do not come back together. */
  #retryMs(): number {
    const { retryMs = 1000 } = this.options;
    return timerMs(retryMs * (1 + Math.random()));
  }
}
