import { followSubscription, type Subscribe, type Timed, type Tracked } from "./follow-subscription.js";
import { isStreamError, keepLoading, type Load } from "./keep-loading.js";
import type { StreamSink } from "./shared-stream.js";

/** A stream of changes, and where to ask for the state that they change. */
export interface Followed<Loaded, Event> {
  readonly subscribe: Subscribe<Event>;
  readonly load: Load<Loaded>;
}

export type StateItem<Loaded, Event> =
  | { readonly kind: "loaded"; readonly loaded: Loaded }
  | { readonly kind: "event"; readonly event: Tracked<Event> };

/**
 * Loads the state as soon as the stream is attached, so that no change falls between the two, and holds the events
 * back until it is there. Events from before it may repeat what it already says: in the end both agree.
 * @returns what ends it; nothing reaches the sink afterwards.
 */
export function followWithState<Loaded, Event extends Timed>(
  { subscribe, load }: Followed<Loaded, Event>,
  sink: StreamSink<StateItem<Loaded, Event>>,
): () => void {
  const stopped = new AbortController();
  let held: Tracked<Event>[] | null = null;
  const pushEvent = (event: Tracked<Event>) => {
    if (held) held.push(event);
    else sink.push({ kind: "event", event });
  };

  const loadOnce = async () => {
    held = [];
    try {
      const loaded = await keepLoading(load, stopped.signal);
      if (loaded === null) return;
      const waiting = held;
      held = null;
      sink.push({ kind: "loaded", loaded });
      waiting.forEach(pushEvent);
    } catch (error) {
      if (!isStreamError(error)) throw error;
      // Nobody can be shown what it brings, and what becomes of it says nothing of the failure.
      stop();
      sink.connect({ state: "failed", error });
    }
  };

  let isLoading = false;
  const stop = followSubscription(subscribe, {
    push: pushEvent,
    connect(connection) {
      sink.connect(connection);
      if (connection.state !== "live" || isLoading) return;
      isLoading = true;
      void loadOnce();
    },
  });
  return () => {
    stopped.abort();
    stop();
  };
}
