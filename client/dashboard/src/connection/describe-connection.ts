import type { ConnectionStatus, Recovery } from "@jobwire/client/react";
import { formatClock } from "../time/format-time.js";

export interface ConnectionDescription {
  readonly state: ConnectionStatus["state"] | "offline";
  readonly text: string;
  /** Until the next attempt; changes every second. */
  readonly countdown: string | null;
}

/** So long the page says what a reconnection brought. */
const recoveryShownMs = 10_000;
/** A connection that is back sooner is not called offline. */
const offlineAfterMs = 8000;

export function describeConnection(
  { state, since, error, nextRetryAt, recovered }: ConnectionStatus,
  isOnline: boolean,
  now: Date,
): ConnectionDescription {
  switch (state) {
    case "idle":
      return { state, text: "Nothing to watch", countdown: null };
    case "connecting":
      return { state, text: "Connecting", countdown: null };
    case "live": {
      const isRecent = recovered !== null && now.getTime() - recovered.at.getTime() < recoveryShownMs;
      return { state, text: isRecent ? describeRecovery(recovered) : "Live", countdown: null };
    }
    case "failed":
      return { state, text: describeFailure(error), countdown: null };
    case "reconnecting":
    default: {
      const countdown = nextRetryAt && secondsUntil(nextRetryAt, now);
      const isLong = now.getTime() - since.getTime() > offlineAfterMs;
      if (isOnline && !isLong) return { state: "reconnecting", text: "Reconnecting", countdown };
      return { state: "offline", text: `Offline since ${formatClock(since)}`, countdown };
    }
  }
}

function describeRecovery({ events, gap }: Recovery): string {
  if (gap !== null) return "Live, gap recovered";
  if (events === 0) return "Live, nothing missed";
  return `Live, caught up ${events} ${events === 1 ? "event" : "events"}`;
}

function describeFailure(error: ConnectionStatus["error"]): string {
  const code = error?.data?.code;
  if (code === "UNAUTHORIZED") return "Signed out";
  return code === "NOT_FOUND" ? "Not found" : "Stopped";
}

function secondsUntil(time: Date, now: Date): string {
  return `in ${Math.max(0, Math.ceil((time.getTime() - now.getTime()) / 1000))} s`;
}
