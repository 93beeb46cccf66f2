import {
  idleState,
  type ConnectionError,
  type ConnectionMonitor,
  type ConnectionStore,
} from "./connection-state.js";
import type { Endpoint } from "./sse/endpoint.js";
import { forwardAbort } from "./sse/forward-abort.js";
import { ResumingStream, type StreamItem } from "./sse/resuming-stream.js";
import { defaultBackoff, type Backoff } from "./sse/retry-schedule.js";
import { hasNoHistory, splitCursor, type StreamCall } from "./sse/stream-call.js";
import { connectionErrorOf, permanentFailure } from "./sse/stream-failure.js";
import { whileVisible, type StreamSource } from "./sse/while-visible.js";
import { SharedStream, type SharedStreamOptions } from "./tabs/shared-stream.js";
import { joinTabGroup } from "./tabs/tab-group.js";

/** What all streams to one server have in common. */
export interface StreamSettings extends Endpoint {
  /** Between attempts. Up to 1 s after the first failure, doubled with each up to 30 s, when left out. */
  readonly backoff?: Backoff | undefined;
  /** How long an answer is waited for. 30 s when left out. After it the server says how long silence may last. */
  readonly connectTimeoutMs?: number | undefined;
  /** Holds no connection while the page is hidden, and continues where it was once it is seen. */
  readonly pauseWhenHidden?: boolean | undefined;
  /**
   * Names the user whose tabs share the streams of a procedure, given its path: any number of tabs of one origin with
   * the same name then needs one connection for each stream they have in common. `undefined`: each tab has its own, as
   * it has where tabs cannot find each other (without Web Locks or BroadcastChannel). Only for streams with ids.
   */
  readonly shareAs?: ((path: string) => string | undefined) | undefined;
  /** Told the state of every stream. */
  readonly monitor: ConnectionMonitor;
  /** Aborted: all streams end, and no more are opened. */
  readonly signal?: AbortSignal | undefined;
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
  const {
    backoff = defaultBackoff,
    connectTimeoutMs = 30_000,
    pauseWhenHidden = false,
    shareAs,
    monitor,
    signal: closed,
  } = settings;
  const leaving = new AbortController();
  const connection = monitor.open();
  // Beyond one reading of it, as when its page was hidden, and whichever tab has read it.
  let hasBeenLive = false;
  connection.subscribe(() => {
    hasBeenLive ||= connection.getSnapshot().state === "live";
  });

  async function* read(): AsyncGenerator<StreamValue, void> {
    if (closed?.aborted) throw permanentFailure("This client is closed.").error;
    const release = forwardAbort([signal, closed], leaving);
    let lastError: ConnectionError | null = null;
    try {
      for await (const { id, data } of items()) if (data !== null) yield { id, data: deserialize(data) };
    } catch (error) {
      lastError = connectionErrorOf(error);
      throw lastError;
    } finally {
      release();
      leaving.abort();
      connection.set({ ...idleState, lastError });
    }
  }

  function items(): AsyncIterable<StreamItem> {
    const { signal: left } = leaving;
    const { call: started, cursor } = splitCursor(call);
    const openOwn: SharedStreamOptions["open"] = (from, until, report) =>
      new ResumingStream({
        endpoint: settings,
        call: started,
        backoff,
        connectTimeoutMs,
        connection: report,
        cursor: from,
        hasBeenLive,
        signal: until,
      }).items();
    const open: StreamSource = (from, until) => {
      const sharedAs = shareAs?.(call.path);
      const group =
        sharedAs === undefined ? null : joinTabGroup(groupNameOf(settings.url, started, sharedAs));
      if (!group) return openOwn(from, until, connection);
      const startsAtNewest = hasNoHistory(started);
      return new SharedStream({
        group,
        open: openOwn,
        startsAtNewest,
        cursor: from,
        signal: until,
        connection,
      }).items();
    };
    return pauseWhenHidden ? whileVisible(open, { cursor, signal: left, connection }) : open(cursor, left);
  }

  function deserialize(data: string): unknown {
    try {
      return call.transformer.output.deserialize(JSON.parse(data));
    } catch (cause) {
      throw permanentFailure(`An event of ${call.path} cannot be read.`, cause).error;
    }
  }

  const values = read();
  // Also while its reader is busy with a value: what the stream holds is not kept until another one is asked for.
  leaving.signal.addEventListener("abort", () => void values.return().catch(() => {}), { once: true });
  return { connection, values, leave: () => leaving.abort() };
}

/** Tabs with the same name here want the same stream. The number is that of what they say to each other. */
function groupNameOf(url: string, { path, input, transformer }: StreamCall, sharedAs: string): string {
  return `jobwire 2 ${JSON.stringify([url, path, transformer.input.serialize(input), sharedAs])}`;
}
