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
  let isLive = false;
  /** What happened up to then is no news when the stream comes back. */
  let knownUntil = new Date(0);
  let missedSince: Date | null = null;
  let recovery: Recovery | null = null;

  const subscription = subscribe({
    onData(item) {
      if (isStopped) return;
      sink.push(item);
      if (item.data.timestamp > knownUntil) knownUntil = item.data.timestamp;
      const grown = recovery && missedSince && growRecovery(recovery, missedSince, item.data);
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
        if (isLive) return;
        const now = new Date();
        if (!hasBeenLive) knownUntil = now;
        recovery = missedSince && { at: now, events: 0, gap: null };
        [isLive, hasBeenLive] = [true, true];
        sink.connect({ state: "live", recovered: recovery });
      } else if (hasBeenLive || error) {
        if (isLive) missedSince = knownUntil;
        isLive = false;
        sink.connect({ state: "reconnecting", error, nextRetryAt: connection?.nextRetryAt ?? null });
      }
    },
  });
  return () => {
    isStopped = true;
    subscription.unsubscribe();
  };
}

/** @returns the same recovery when the event happened after it, or is none that was missed. */
function growRecovery(recovery: Recovery, missedSince: Date, { type, timestamp, reason }: Timed): Recovery {
  if (type === "stream.gap") return { ...recovery, gap: reason ?? null };
  const isMissed = timestamp > missedSince && timestamp < recovery.at;
  return isMissed ? { ...recovery, events: recovery.events + 1 } : recovery;
}
