import type { Cursor, StreamGapReason } from "@jobwire/shared";
import type { TopicKey } from "../store/store.js";
import type { TopicHubs } from "./topic-hubs.js";

/** Where a stream's events come from, and where in its topic it begins. */
export interface StreamSource<Event> {
  readonly hubs: TopicHubs;
  readonly topic: TopicKey;
  /** Where to continue; without it `start` says where the stream begins. */
  readonly after: Cursor | null;
  readonly start: "oldest" | "newest";
  /** Only these types, when given. What `explainGap` makes is delivered always. */
  readonly types?: ReadonlySet<string> | undefined;
  /** Makes the control event that says what is missing, with the state of now. */
  readonly explainGap: (gap: Gap) => Promise<Event>;
  /** Ends the stream: the caller went away. */
  readonly signal?: AbortSignal | undefined;
}

/** The events after `from` up to and including `to` cannot be had. */
export interface Gap {
  readonly reason: StreamGapReason;
  readonly from: string;
  readonly to: string;
}
