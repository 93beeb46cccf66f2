import type { Cursor } from "@jobwire/shared";
import type { Replay, TopicHead } from "./store.js";

/** What of a log decides where a replay starts. */
export interface LogBounds {
  readonly head: TopicHead;
  /** The newest offset that is no longer retained; that of the head when nothing is. */
  readonly trimmedOffset: number;
  /** Logs this one has forked from, the latest first, each with the last entry it shares with what came after. */
  readonly ancestors: readonly Cursor[];
}

export type ReplayStart =
  | Extract<Replay, { kind: "gap" }>
  | { readonly kind: "after"; readonly offset: number };

/** The arithmetic of gaps: offsets have no holes, so what is missing is known from the ends of the log. */
export function replayStartOf(
  { head, trimmedOffset, ancestors }: LogBounds,
  after: Cursor | null,
): ReplayStart {
  const { epoch, offset: newestOffset } = head.cursor;
  if (!after) {
    if (newestOffset === 0 || trimmedOffset < newestOffset) return { kind: "after", offset: trimmedOffset };
    return { kind: "gap", reason: "trimmed", resumeAfter: { epoch, offset: newestOffset } };
  }
  const sharedOffset = sharedOffsetOf([head.cursor, ...ancestors], after.epoch);
  if (after.offset > sharedOffset) {
    const offset = Math.max(sharedOffset, trimmedOffset);
    return { kind: "gap", reason: "log-lost", resumeAfter: { epoch, offset } };
  }
  if (after.offset < trimmedOffset) {
    return { kind: "gap", reason: "trimmed", resumeAfter: { epoch, offset: trimmedOffset } };
  }
  return { kind: "after", offset: after.offset };
}

/** Up to where these logs, the newest first, are the same as the one of this epoch; -1 when they have nothing in common. */
function sharedOffsetOf(logs: readonly Cursor[], epoch: string): number {
  const index = logs.findIndex((log) => log.epoch === epoch);
  return index === -1 ? -1 : Math.min(...logs.slice(0, index + 1).map(({ offset }) => offset));
}
