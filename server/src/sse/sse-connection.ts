import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import {
  chunkOf,
  encodings,
  type FrameBatch,
  type FrameEncoding,
  type FrameFormat,
} from "../streams/frame.js";
import type { StreamCounts } from "../streams/stream-counts.js";
import type { Beating, Heartbeat } from "./heartbeat.js";

/** A request over HTTP/1.1 or HTTP/2. */
export type SseRequest = IncomingMessage | Http2ServerRequest;
/** A response over HTTP/1.1 or HTTP/2. */
export type SseResponse = ServerResponse | Http2ServerResponse;

/**
 * Why a connection ended.
 * - `completed`: the stream said so. `failed`: after an error.
 * - `client`: the peer went away. `slow`: it took less than was sent. `dead`: it took nothing for `sendTimeoutMs`.
 * - `expired`: its token or its time ran out. `drained`: the server is stopping.
 */
export type CloseReason = "completed" | "failed" | "client" | "slow" | "dead" | "expired" | "drained";

export interface ConnectionOptions {
  readonly format: FrameFormat;
  readonly heartbeat: Heartbeat;
  readonly pingText: string;
  readonly expiresAt: number;
  readonly maxBufferedBytes: number;
  readonly sendTimeoutMs: number;
  /** Where its events are counted. */
  readonly counts: StreamCounts;
  readonly onClose: (reason: CloseReason) => void;
}

/** Past this, or past what may wait if that is less, a replay waits for the connection to drain. */
const congestedBytes = 65_536;

/**
 * One open SSE response. Bytes are written straight to the socket: for HTTP/1.1 they already carry their chunk header,
 * so that one event costs one write and nothing is copied or encoded per connection. How much the peer has not taken
 * yet is read from the socket.
 */
export class SseConnection implements Beating {
  lastSentTurn: number;
  readonly expiresAt: number;
  readonly #output: Socket | ServerHttp2Stream;
  readonly #encoding: FrameEncoding;
  readonly #heartbeat: Heartbeat;
  readonly #maxBufferedBytes: number;
  readonly #counts: StreamCounts;
  #watchesSends = false;
  #closed: CloseReason | undefined;

  /** Sends the headers and the opening text. */
  constructor(
    private readonly response: SseResponse,
    status: number,
    headers: Readonly<Record<string, string | string[]>>,
    opening: string,
    private readonly options: ConnectionOptions,
  ) {
    const { heartbeat, expiresAt, format, maxBufferedBytes, counts } = options;
    this.expiresAt = expiresAt;
    this.#heartbeat = heartbeat;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#counts = counts;
    this.lastSentTurn = heartbeat.turn;
    response.writeHead(status, headers);
    if ("stream" in response) {
      this.#output = response.stream;
      this.#encoding = encodings[format].unframed;
    } else {
      const { socket } = response;
      if (!socket) throw new Error("The response has no socket");
      this.#output = socket;
      socket.cork();
      process.nextTick(() => {
        socket.uncork();
        this.#watchWhatWaits();
      });
      response.flushHeaders();
      this.#encoding = encodings[format][response.chunkedEncoding ? "chunked" : "unframed"];
    }
    this.send(opening);
    heartbeat.add(this);
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** Events, as bytes shared with other connections. */
  write(batch: FrameBatch): void {
    this.#count(batch.frames.length, this.#write(batch.bytes(this.#encoding)));
  }

  /** Events with ids of this connection's own, around bodies that are shared. */
  writeTagged(batch: FrameBatch, ids: readonly string[]): void {
    let isSent = true;
    for (const bytes of batch.taggedBytes(ids, this.#encoding)) isSent = this.#write(bytes) && isSent;
    this.#count(batch.frames.length, isSent);
  }

  /** An event for this connection alone. */
  sendEvent(text: string): void {
    this.#count(1, this.#write(this.#encode(text)));
  }

  /** Text for this connection alone that is no event. */
  send(text: string): void {
    this.#write(this.#encode(text));
  }

  ping(): void {
    this.send(this.options.pingText);
  }

  expire(): void {
    this.close("expired");
  }

  /** While a peer has much waiting: resolves when it has taken all, or is gone. */
  congestion(): Promise<void> | undefined {
    const output = this.#output;
    if (this.isClosed || output.writableLength <= Math.min(congestedBytes, this.#maxBufferedBytes))
      return undefined;
    return new Promise((resolve) => {
      const done = () => {
        output.off("drain", done).off("close", done);
        resolve();
      };
      output.once("drain", done).once("close", done);
    });
  }

  /**
   * Ends the response after what was written. Its socket is closed with it when the server is draining, so that the
   * peer does not come back on it.
   */
  close(reason: "completed" | "failed" | "expired" | "drained"): void {
    if (this.isClosed) return;
    this.#closed = reason;
    const output = this.#output;
    this.response.end(() => {
      if (reason === "drained" && !("session" in output)) output.end();
    });
    this.#watchWhatWaits();
    this.#forget(reason);
  }

  /** Ends the connection at once; what was not sent yet is dropped. */
  drop(reason: "slow" | "dead"): void {
    if (this.isClosed) return;
    this.#closed = reason;
    this.#output.destroy();
    this.#forget(reason);
  }

  /** To be called when the response has closed. */
  onClosed(): void {
    if (this.isClosed) return;
    this.#closed = "client";
    this.#forget("client");
  }

  #encode(text: string): Buffer {
    return this.#encoding.endsWith("chunked") ? chunkOf(text) : Buffer.from(text);
  }

  #count(events: number, isSent: boolean): void {
    if (isSent) this.#counts.sent += events;
    else this.#counts.dropped += events;
  }

  /** A peer that has more waiting than it may is dropped instead. @returns false when the connection is over. */
  #write(bytes: Buffer): boolean {
    if (this.#closed !== undefined) return false;
    const output = this.#output;
    if (output.writableLength > this.#maxBufferedBytes) {
      this.drop("slow");
      return false;
    }
    output.write(bytes);
    this.lastSentTurn = this.#heartbeat.turn;
    this.#watchWhatWaits();
    return true;
  }

  /** What waits only because the opening is joined into one write says nothing about the peer. */
  #watchWhatWaits(): void {
    const output = this.#output;
    if (output.writableLength > 0 && output.writableCorked === 0 && !this.#watchesSends) this.#watchSends();
  }

  /**
   * The timer of a socket counts as activity whatever the peer takes of a write, so it goes off when nothing of what
   * waits has moved for `sendTimeoutMs`, or when nothing waits any more.
   */
  #watchSends(): void {
    const { sendTimeoutMs } = this.options;
    const onTimeout = () => {
      if (this.#output.writableLength > 0)
        return this.isClosed ? void this.#output.destroy() : this.drop("dead");
      this.#watchesSends = false;
      this.#output.setTimeout(0);
    };
    this.#watchesSends = true;
    if ("stream" in this.response) this.response.stream.setTimeout(sendTimeoutMs, onTimeout);
    else {
      // An HTTP/1.1 server destroys a socket that times out unless its response listens.
      this.response.removeAllListeners("timeout").on("timeout", onTimeout);
      this.#output.setTimeout(sendTimeoutMs);
    }
  }

  #forget(reason: CloseReason): void {
    this.#heartbeat.delete(this);
    this.options.onClose(reason);
  }
}
