import type { EventSourceMessage } from "eventsource-parser";
import type { ConnectionState, ConnectionReport } from "../connection-state.js";
import { Attempt } from "./attempt.js";
import { canRefresh, type Endpoint } from "./endpoint.js";
import { FrameReader } from "./frame-reader.js";
import { openResponse } from "./open-response.js";
import { isOffline, onNetworkChange } from "./page-events.js";
import { Patience } from "./patience.js";
import { pause, RetrySchedule, type Backoff } from "./retry-schedule.js";
import type { StreamCall } from "./stream-call.js";
import { connectionFailure, failureOfShape, permanentFailure, StreamFailure } from "./stream-failure.js";

/** One value of a subscription, as it came. */
export interface StreamItem {
  /** Absent when the value is not tracked. */
  readonly id: string | undefined;
  /** JSON, to be deserialized; `null` of no value, but the place where a stream without a cursor begins. */
  readonly data: string | null;
}

export interface ResumingStreamOptions {
  readonly endpoint: Endpoint;
  readonly call: StreamCall;
  readonly backoff: Backoff;
  /** The silence that is waited through until the server has said how long it may be. */
  readonly connectTimeoutMs: number;
  /** Told how it is connected, but not of its end. */
  readonly connection: ConnectionReport;
  /** Where the stream starts. */
  readonly cursor: string | null;
  /** A server has streamed from this URL before. */
  readonly hasBeenLive: boolean;
  readonly signal: AbortSignal;
}

/**
 * A subscription that is connected again whenever it breaks, and goes on after the last id it has yielded. It reads from
 * the server only while it is asked for a value.
 */
export class ResumingStream {
  readonly #retries: RetrySchedule;
  readonly #patience = new Patience();
  #cursor: string | null;
  #isLive = false;
  #hasBeenLive: boolean;
  /** The token of the last attempt was refused, and it is not known yet whether the next one is accepted. */
  #wasRefused = false;

  constructor(private readonly options: ResumingStreamOptions) {
    this.#retries = new RetrySchedule(options.backoff);
    this.#cursor = options.cursor;
    this.#hasBeenLive = options.hasBeenLive;
  }

  /**
   * Ends when the server says that nothing follows, or when the signal is aborted.
   * @throws ConnectionError when another attempt would end alike.
   */
  async *items(): AsyncGenerator<StreamItem, void> {
    const { signal } = this.options;
    const release = onNetworkChange(() => this.#onNetworkChange());
    try {
      for (let isComplete = false; !isComplete && !signal.aborted;) {
        this.#report({ state: "connecting", attempt: this.#retries.attempt, nextRetryAt: null });
        try {
          isComplete = yield* this.#attempt();
        } catch (cause) {
          if (!signal.aborted) await this.#recover(failureOf(cause));
        }
      }
    } finally {
      release();
    }
  }

  /** @returns whether the server says that nothing follows. */
  async *#attempt(): AsyncGenerator<StreamItem, boolean> {
    const { endpoint, call, signal, connectTimeoutMs } = this.options;
    const attempt = new Attempt(signal, connectTimeoutMs);
    this.#isLive = false;
    try {
      const body = await openResponse(
        {
          endpoint,
          call,
          cursor: this.#cursor,
          wasRefused: this.#wasRefused,
          isKnown: this.#hasBeenLive,
        },
        attempt,
      );
      const frames = new FrameReader(body, attempt, (retryMs) => this.#retries.onRetry(retryMs));
      for (let frame = await frames.next(); frame && !signal.aborted; frame = await frames.next()) {
        const hasPlace = this.#cursor !== null;
        // An id counts whatever it comes with: `restore-id` brings nothing else.
        this.#cursor = frame.id || this.#cursor;
        switch (frame.event) {
          case undefined:
          case "message":
            yield { id: frame.id || undefined, data: frame.data };
            break;
          case "connected":
            attempt.inactivityMs = inactivityMsOf(frame);
            // First: whoever ends this reading once it is live goes on from there.
            if (frame.id && !hasPlace) yield { id: frame.id, data: null };
            this.#onLive();
            break;
          case "return":
            return true;
          case "serialized-error":
            throw failureOfShape(call.transformer.output.deserialize(JSON.parse(frame.data)));
        }
      }
      throw connectionFailure(new Error("The server closed the stream before it was complete."));
    } finally {
      attempt.end();
    }
  }

  #onLive(): void {
    this.#isLive = true;
    this.#hasBeenLive = true;
    this.#patience.renew();
    this.#retries.onLive();
    this.#report({ state: "live", attempt: 0, nextRetryAt: null, lastError: null });
  }

  /** Waits until another attempt makes sense. @throws ConnectionError when it does not. */
  async #recover({ error, remedy, retryAfterMs }: StreamFailure): Promise<void> {
    if (this.#retries.isHealthy) this.#wasRefused = false;
    if (remedy === "none" || (remedy === "refresh" && !this.#canRefresh())) throw error;
    if (remedy !== "wait") this.#patience.renew();
    const patienceMs = remedy === "wait" ? this.#patience.spend() : Infinity;
    if (patienceMs <= 0) throw error;
    if (remedy === "refresh") {
      // The fresh token is tried at once, and only once.
      this.#retries.onFailure(0);
      this.#wasRefused = true;
      return this.#report({ lastError: error });
    }
    if (this.#isLive) this.#wasRefused = false;
    const withoutNetwork = isOffline() && !error.data;
    const durationMs = withoutNetwork
      ? this.#retries.onFailureOffline()
      : Math.min(this.#retries.onFailure(retryAfterMs), Math.max(retryAfterMs, patienceMs));
    this.#report({
      state: withoutNetwork ? "offline" : "waiting",
      attempt: Math.max(1, this.#retries.attempt - 1),
      nextRetryAt: new Date(Date.now() + durationMs),
      lastError: error,
    });
    await pause({ durationMs, leastMs: retryAfterMs, signal: this.options.signal });
  }

  #onNetworkChange(): void {
    if (!isOffline()) return this.#retries.startOver();
    if (this.options.connection.getSnapshot().state === "waiting") this.#report({ state: "offline" });
  }

  #canRefresh(): boolean {
    return !this.#wasRefused && canRefresh(this.options.endpoint);
  }

  #report(change: Partial<ConnectionState>): void {
    const { connection } = this.options;
    connection.set({ ...connection.getSnapshot(), ...change });
  }
}

function failureOf(cause: unknown): StreamFailure {
  if (cause instanceof StreamFailure) return cause;
  return permanentFailure("The server sent what cannot be read.", cause);
}

/** Without an answer silence is all right: such a server sends no heartbeats. */
function inactivityMsOf({ data }: EventSourceMessage): number {
  const options: unknown = JSON.parse(data);
  if (typeof options !== "object" || options === null || !("reconnectAfterInactivityMs" in options)) {
    return Infinity;
  }
  const { reconnectAfterInactivityMs: ms } = options;
  return typeof ms === "number" && ms > 0 ? ms : Infinity;
}
