import type { StreamGapReason } from "@jobwire/shared";

/** What the streams of one service have delivered so far. Plain numbers, so that counting costs an addition. */
export class StreamCounts {
  /** Events handed to a connection. */
  sent = 0;
  /** Events that came when their connection had more waiting than it may: it was closed instead. */
  dropped = 0;
  /** Events, among those sent, that a stream caught up with. */
  replayed = 0;
  readonly gaps: Record<StreamGapReason, number> = { trimmed: 0, "log-lost": 0 };
}
