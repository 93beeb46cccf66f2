import { TRPCClientError } from "@trpc/client";
import {
  idleState,
  type ConnectionError,
  type ConnectionMonitor,
  type ConnectionStore,
} from "../connection-state.js";
import type { Endpoint } from "./endpoint.js";
import { forwardAbort } from "./forward-abort.js";
import { ResumingStream, type StreamItem } from "./resuming-stream.js";
import { defaultBackoff, type Backoff } from "./retry-schedule.js";
import { splitCursor, type StreamCall } from "./stream-call.js";
import { permanentFailure } from "./stream-failure.js";
import { whileVisible, type StreamSource } from "./while-visible.js";

/** What all streams to one server have in common. */
export interface StreamSettings extends Endpoint {
  /** Between attempts. Up to 1 s after the first failure, doubled with each up to 30 s, when left out. */
  readonly backoff?: Backoff | undefined;
  /** Holds no connection while the page is hidden, and continues where it was once it is seen. */
  readonly pauseWhenHidden?: boolean | undefined;
  /** Told the state of every stream. */
  readonly monitor: ConnectionMonitor;
  /** Aborted: all streams end, and no more are opened. */
  readonly closed?: AbortSignal | undefined;
}

/** One value of a subscription. */
export interface StreamValue {
  /** Absent when the value is not tracked. */
  readonly id: string | undefined;
  readonly data: unknown;
}

export interface OpenStream {
  readonly connection: ConnectionStore;
  /** To be read once, at the reader's pace. Fails with a `ConnectionError`. */
  readonly values: AsyncGenerator<StreamValue, void>;
  /** Ends the stream at once, also while a value is waited for. */
  leave(): void;
}

/** One subscription. The server is asked when the first value is. */
export function openStream(
  settings: StreamSettings,
  call: StreamCall,
  signal: AbortSignal | null | undefined,
): OpenStream {
  const { backoff = defaultBackoff, pauseWhenHidden = false, monitor, closed } = settings;
  const leaving = new AbortController();
  const connection = monitor.open();

  async function* read(): AsyncGenerator<StreamValue, void> {
    if (closed?.aborted) throw permanentFailure("This client is closed.").error;
    const release = forwardAbort([signal, closed], leaving);
    let lastError: ConnectionError | null = null;
    try {
      for await (const item of items()) yield { id: item.id, data: deserialize(item) };
    } catch (error) {
      lastError = TRPCClientError.from(
        error instanceof Error ? error : new Error("The stream failed.", { cause: error }),
      );
      throw lastError;
    } finally {
      release();
      leaving.abort();
      connection.set({ ...idleState, lastError });
    }
  }

  function items(): AsyncIterable<StreamItem> {
    const { call: cleanCall, cursor: start } = splitCursor(call);
    const open: StreamSource = (cursor, until) =>
      new ResumingStream({
        endpoint: settings,
        call: cleanCall,
        backoff,
        connection,
        cursor,
        signal: until,
      }).items();
    return pauseWhenHidden
      ? whileVisible(open, { cursor: start, signal: leaving.signal, connection })
      : open(start, leaving.signal);
  }

  function deserialize({ data }: StreamItem): unknown {
    try {
      return call.transformer.output.deserialize(JSON.parse(data));
    } catch (cause) {
      throw permanentFailure(`An event of ${call.path} cannot be read.`, cause).error;
    }
  }

  return { connection, values: read(), leave: () => leaving.abort() };
}
