import type { TopicKey } from "../../../server/src/store/store.js";

/** One item of a stream as it arrived. */
export interface Delivery {
  readonly id: string;
  /** The event as plain JSON. */
  readonly text: string;
  readonly gap: GapSeen | null;
}

interface GapSeen {
  readonly reason: string;
  readonly from: string;
  readonly to: string;
  readonly hasSnapshot: boolean;
}

export type Ending = "open" | "completed" | { readonly error: string };

/** A client that holds one stream, comes back when it breaks, and keeps what it receives. */
export interface Watcher extends Disposable {
  /** For reports: what it watches, how and through which server. */
  readonly name: string;
  readonly kind: "job" | "feed" | "output";
  readonly topic: TopicKey;
  readonly deliveries: readonly Delivery[];
  readonly ending: Ending;
}

export interface WatcherOptions {
  readonly name: string;
  readonly url: string;
  readonly token: string;
  readonly topic: TopicKey;
  /** `null`: the feed of all jobs. */
  readonly jobId: string | null;
  /** What the job's commands write, in place of its events. */
  readonly isOutput?: boolean;
}

export function deliveryOf(id: string, event: Readonly<Record<string, unknown>>): Delivery {
  const { type, reason, from, to, snapshot } = event;
  const isGap = type === "stream.gap";
  return {
    id,
    text: JSON.stringify(event),
    gap: isGap
      ? { reason: String(reason), from: String(from), to: String(to), hasSnapshot: snapshot !== undefined }
      : null,
  };
}
