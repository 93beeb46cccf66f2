import type { Cursor, StreamGapReason } from "@jobwire/shared";
import type { TopicKey } from "../store/store.js";
import type { Frame } from "./frame.js";
import type { Readable } from "./readable-store.js";
import type { TopicHubs } from "./topic-hubs.js";

/** How a topic is delivered: the same for all its streams in this process. */
export interface HubOptions {
  /** Default: entries are sent as they are. */
  readonly readable?: Readable | undefined;
  /** Entries of so many milliseconds are written together; 0 and by default: those of one turn of the event loop. */
  readonly coalesceMs?: number | undefined;
}

/** Where a stream's events come from, and where in its topic it begins. */
export interface StreamSource<Event> extends HubOptions {
  readonly hubs: TopicHubs;
  readonly topic: TopicKey;
  /** Where to continue; without it `start` says where the stream begins. */
  readonly after: Cursor | null;
  readonly start: "oldest" | "newest";
  /**
   * What the state beside the topic says of its log: that it has events, or that its last one was written too. A log that
   * lacks them has lost them, which the stream says; where the end is missing it ends after that.
   */
  readonly expects?: Expected | undefined | (() => Promise<Expected | "nothing">);
  /** Nothing closes the topic: a stream that has a place in it expects nothing. */
  readonly isEndless?: boolean | undefined;
  /** Something of the stream was sent already: a store that is away is waited for from the first read on. */
  readonly hasBegun?: boolean | undefined;
  /** Only these types, when given. What `explainGap` makes is delivered always. */
  readonly types?: ReadonlySet<string> | undefined;
  /**
   * Makes the control event that says what is missing, with the state of now. Streams that meet a gap together may share
   * one read of that state (`SharedReads`) when they go on at the same `to`: it was begun after `to` was known, so it has
   * all that came before.
   */
  readonly explainGap: (gap: Gap) => Promise<Event>;
  /** Entries that are about the stream. Not together with `types`. */
  readonly mark?: StreamMark<Event>;
  /** Ends the stream: the caller went away. */
  readonly signal?: AbortSignal | undefined;
}

export function signalsOf({ signal }: Pick<StreamSource<unknown>, "signal">): readonly AbortSignal[] {
  return signal ? [signal] : [];
}

/** One of several topics that a stream follows. */
export interface MergedSource<Event> {
  readonly source: StreamSource<Event>;
  /** The whole stream ends with this topic. */
  readonly endsAll?: boolean;
}

export type Expected = "events" | "end";

/** An event that is not in the log. */
export interface ControlEvent<Event> {
  readonly id: string;
  readonly event: Event;
}

/** Entries of this type are not sent to the reader. */
export interface StreamMark<Event> {
  readonly type: string;
  /** @returns what ends the stream here, or `null`: it goes on after the entry. */
  readonly read: (entry: Frame) => ControlEvent<Event> | null;
}

/** The events after `from` up to and including `to` cannot be had. */
export interface Gap {
  readonly reason: StreamGapReason;
  readonly from: string;
  readonly to: string;
}
