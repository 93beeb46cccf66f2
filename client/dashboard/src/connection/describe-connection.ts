import type { ConnectionStatus, Recovery } from "@jobwire/client/react";
import { formatClock } from "../time/format-time.js";
import type { ServerState } from "./use-server-state.js";

/** Everything that is known about how up to date the page is. */
export interface KnownConnection extends ServerState {
  readonly status: ConnectionStatus;
  readonly offlineSince: Date | null;
}

export interface ConnectionDescription {
  readonly state: ConnectionStatus["state"] | "offline" | "waiting";
  readonly text: string;
  /** Until the next attempt; changes every second. */
  readonly countdown: string | null;
  /** What that means, for who wants to know. */
  readonly meaning: string;
  readonly action: "sign-in" | "retry" | null;
}

/** So long the page says what a reconnection brought. */
const recoveryShownMs = 10_000;
/** A connection that is back sooner is not called offline. */
const offlineAfterMs = 8000;

export function describeConnection(known: KnownConnection, now: Date): ConnectionDescription {
  const { status, offlineSince, storeAwaySince, isSignedOut } = known;
  const { state, since, error, nextRetryAt, recovered } = status;
  if (isSignedOut || error?.data?.code === "UNAUTHORIZED") return signedOut;
  if (offlineSince) return offline(offlineSince, null);
  switch (state) {
    case "idle":
      return say(state, "Nothing to watch", "Nothing on this page changes by itself.");
    case "connecting":
      return say(state, "Connecting", "The first answer of the server is on its way.");
    case "live": {
      if (storeAwaySince) return storeAway(storeAwaySince);
      const isRecent = recovered !== null && now.getTime() - recovered.at.getTime() < recoveryShownMs;
      return say(
        state,
        isRecent ? describeRecovery(recovered) : "Live",
        "What happens is shown as it happens.",
      );
    }
    case "failed":
      return { ...say(state, "Stopped", stoppedMeaning), action: "retry" };
    case "reconnecting":
    default: {
      const countdown = nextRetryAt && secondsUntil(nextRetryAt, now);
      if (now.getTime() - since.getTime() > offlineAfterMs) return offline(since, countdown);
      return { ...say("reconnecting", "Reconnecting", catchUpMeaning), countdown };
    }
  }
}

const stoppedMeaning = "The server has ended this stream; it can be opened again.";
const catchUpMeaning = "What happens meanwhile is shown when the connection is back.";

const signedOut: ConnectionDescription = {
  ...say("failed", "Signed out", "What this page shows was true when you were signed in."),
  action: "sign-in",
};

function say(state: ConnectionDescription["state"], text: string, meaning: string): ConnectionDescription {
  return { state, text, meaning, countdown: null, action: null };
}

function offline(since: Date, countdown: string | null): ConnectionDescription {
  return { ...say("offline", `Offline since ${formatClock(since)}`, catchUpMeaning), countdown };
}

function storeAway(since: Date): ConnectionDescription {
  const meaning = `The server cannot reach its store since ${formatClock(since)}. Nothing can be changed; what happened meanwhile is shown when it is back.`;
  return say("waiting", "Store is away", meaning);
}

function describeRecovery({ events, gap }: Recovery): string {
  if (gap !== null) return "Live, gap recovered";
  if (events === 0) return "Live, nothing missed";
  return `Live, caught up ${events} ${events === 1 ? "event" : "events"}`;
}

function secondsUntil(time: Date, now: Date): string {
  return `in ${Math.max(0, Math.ceil((time.getTime() - now.getTime()) / 1000))} s`;
}
