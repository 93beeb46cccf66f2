import type { StreamGapReason } from "@jobwire/shared";
import type { ConnectionState } from "../connection-state.js";
import type { StreamSink } from "./shared-stream.js";
import type { Recovery, StreamError } from "./stream-connection.js";

/** An event with the id that a stream continues after. */
export interface Tracked<Event> {
  readonly id: string;
  readonly data: Event;
}

export interface Timed {
  readonly type: string;
  readonly timestamp: Date;
  readonly reason?: StreamGapReason;
}

/** The callbacks of a tRPC subscription, as far as they are needed here. */
interface SubscriptionObserver<Event> {
  onData(item: Tracked<Event>): void;
  onError(error: StreamError): void;
  onComplete(): void;
  onConnectionStateChange(state: {
    readonly state: "idle" | "connecting" | "pending";
    readonly error: StreamError | null;
    /** Of `sseLink`, which knows more than other links. */
    readonly connection?: ConnectionState;
  }): void;
}

export type Subscribe<Event> = (observer: SubscriptionObserver<Event>) => { unsubscribe(): void };

/**
 * Puts a subscription's events into the sink and says how its connection is.
 * @returns what ends it; nothing reaches the sink afterwards.
 */
export function followSubscription<Event extends Timed>(
  subscribe: Subscribe<Event>,
  sink: StreamSink<Tracked<Event>>,
): () => void {
  let isStopped = false;
  let hasBeenLive = false;
  let recovery: Recovery | null = null;

  const subscription = subscribe({
    onData(item) {
      if (isStopped) return;
      sink.push(item);
      const grown = recovery && growRecovery(recovery, item.data);
      if (grown === recovery) return;
      recovery = grown;
      sink.connect({ state: "live", recovered: recovery });
    },
    onError(error) {
      if (!isStopped) sink.connect({ state: "failed", error });
    },
    onComplete() {
      if (!isStopped) sink.connect({ state: "ended" });
    },
    onConnectionStateChange({ state, error, connection }) {
      if (isStopped || state === "idle") return;
      if (state === "pending") {
        recovery = hasBeenLive ? { at: new Date(), events: 0, gap: null } : null;
        hasBeenLive = true;
        sink.connect({ state: "live", recovered: recovery });
      } else if (hasBeenLive || error) {
        sink.connect({ state: "reconnecting", error, nextRetryAt: connection?.nextRetryAt ?? null });
      }
    },
  });
  return () => {
    isStopped = true;
    subscription.unsubscribe();
  };
}

/** @returns the same recovery when the event happened after it. */
function growRecovery(recovery: Recovery, { type, timestamp, reason }: Timed): Recovery {
  if (type === "stream.gap") return { ...recovery, gap: reason ?? null };
  return timestamp < recovery.at ? { ...recovery, events: recovery.events + 1 } : recovery;
}
