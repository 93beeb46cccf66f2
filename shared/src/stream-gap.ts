import { z } from "zod";
import { timestampSchema } from "./timestamp.js";

/**
 * Said in band when a stream cannot continue after the cursor it was given (or had reached): the events after `from`
 * up to and including `to` are not available. The stream goes on after `to`.
 *
 * - `trimmed`: retention has dropped them.
 * - `log-lost`: the log they were in is gone or was set back.
 */
export interface StreamGap<Snapshot> {
  readonly type: "stream.gap";
  readonly timestamp: Date;
  readonly reason: StreamGapReason;
  readonly from: string;
  readonly to: string;
  /** The current state of what the stream is about: enough to go on without another call. */
  readonly snapshot: Snapshot;
}

/** Why events are missing. */
export type StreamGapReason = "trimmed" | "log-lost";

/** The schema of a `stream.gap` with this snapshot. */
export function streamGapSchema<Snapshot extends z.ZodType>(snapshot: Snapshot) {
  return z.object({
    type: z.literal("stream.gap"),
    timestamp: timestampSchema,
    reason: z.enum(["trimmed", "log-lost"]),
    from: z.string(),
    to: z.string(),
    snapshot,
  });
}

/** Said in a feed when something whose events it carries was removed with all that was known of it. */
export interface StreamRemoved {
  readonly type: "stream.removed";
  readonly timestamp: Date;
}

/** The schema of a `stream.removed` with the fields of this key. */
export function streamRemovedSchema<Key extends z.ZodRawShape>(key: Key) {
  return z.object({ type: z.literal("stream.removed"), timestamp: timestampSchema, ...key });
}
