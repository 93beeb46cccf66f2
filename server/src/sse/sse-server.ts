import { setTimeout as delay } from "node:timers/promises";
import type { AnyTRPCRouter } from "@trpc/server";
import { Heartbeat } from "./heartbeat.js";
import { PlainStream } from "./plain-stream.js";
import { procedurePathOf } from "./request.js";
import { RouterEdge } from "./router-edge.js";
import {
  SseConnection,
  type CloseReason,
  type ConnectionOptions,
  type SseRequest,
  type SseResponse,
} from "./sse-connection.js";
import type { PlainStreamOptions, SseHandlerOptions, StreamIdentity } from "./sse-handler.js";
import { sseHeaders, sseText } from "./sse-text.js";
import { StreamLimits } from "./stream-limits.js";
import { TrpcStream } from "./trpc-stream.js";

const drainStepMs = 10;

/** What an opening connection says of itself; the rest is the same for all of a server. */
export interface Opening extends Pick<ConnectionOptions, "format" | "pingText" | "expiresAt"> {
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
  readonly #heartbeat: Heartbeat;
  readonly #limits: StreamLimits;
  readonly #connections = new Set<SseConnection>();
  #isDraining = false;

  constructor(readonly options: SseHandlerOptions<AnyTRPCRouter>) {
    this.router = new RouterEdge(options.router);
    const { ping } = this.router.sse;
    this.heartbeatMs = options.heartbeatMs ?? (ping?.enabled ? ping.intervalMs : undefined) ?? 15_000;
    this.#heartbeat = new Heartbeat(this.heartbeatMs);
    this.#limits = new StreamLimits(options.maxConnections ?? 10_000, options.maxConnectionsPerUser ?? 100);
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  async serve(request: SseRequest, response: SseResponse): Promise<boolean> {
    const path = request.method === "GET" ? procedurePathOf(request, this.options.basePath ?? "/") : null;
    const procedure = path === null ? undefined : await this.router.procedure(path);
    if (path === null || procedure?._def.type !== "subscription") return false;
    void new TrpcStream(this, request, response, path, procedure).serve();
    return true;
  }

  servePlain(response: SseResponse, options: PlainStreamOptions): Promise<void> {
    return new PlainStream(this, response, options).serve();
  }

  /** Why there is no room for one more stream (of this user), if so. */
  refusal(identity?: StreamIdentity): string | undefined {
    return this.#limits.refusal(identity?.userId);
  }

  /** Counts a stream until the returned function is called, once. */
  admit(identity?: StreamIdentity): () => void {
    this.#limits.enter(identity?.userId);
    return () => this.#limits.leave(identity?.userId);
  }

  open(response: SseResponse, { status, headers, text, onClose, ...options }: Opening): SseConnection {
    const { maxBufferedBytes = 1_048_576, sendTimeoutMs = 30_000 } = this.options;
    const connection: SseConnection = new SseConnection(
      response,
      status,
      { ...sseHeaders, ...headers },
      sseText.retry(this.#retryMs()) + text,
      {
        ...options,
        maxBufferedBytes,
        sendTimeoutMs,
        heartbeat: this.#heartbeat,
        onClose: (reason: CloseReason) => {
          this.#connections.delete(connection);
          onClose();
          this.options.onClose?.(reason);
        },
      },
    );
    this.#connections.add(connection);
    return connection;
  }

  async drain(overMs: number): Promise<void> {
    this.#isDraining = true;
    const steps = Math.max(1, Math.floor(overMs / drainStepMs));
    const perStep = Math.ceil(this.#connections.size / steps);
    while (this.#connections.size > 0) {
      for (const connection of [...this.#connections].slice(0, perStep)) {
        connection.send(sseText.retry(this.#retryMs()));
        connection.close("drained");
      }
      if (this.#connections.size > 0) await delay(drainStepMs);
    }
  }

  /** Jittered, so that those who were cut off together do not come back together. */
  #retryMs(): number {
    const { retryMs = 1000 } = this.options;
    return retryMs * (1 + Math.random());
  }
}
