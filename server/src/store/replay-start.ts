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
  const sharedOffset = after.epoch === epoch ? newestOffset : sharedOffsetOf(ancestors, after.epoch);
  if (after.offset > sharedOffset) {
    const offset = Math.max(sharedOffset, trimmedOffset);
    return { kind: "gap", reason: "log-lost", resumeAfter: { epoch, offset } };
  }
  if (after.offset < trimmedOffset) {
    return { kind: "gap", reason: "trimmed", resumeAfter: { epoch, offset: trimmedOffset } };
  }
  return { kind: "after", offset: after.offset };
}

/** Up to where the log is the same as the one of this epoch; -1 when the two have nothing in common. */
function sharedOffsetOf(ancestors: readonly Cursor[], epoch: string): number {
  const index = ancestors.findIndex((ancestor) => ancestor.epoch === epoch);
  return index === -1 ? -1 : Math.min(...ancestors.slice(0, index + 1).map(({ offset }) => offset));
}
