import { useConnectionStatus } from "@jobwire/client/react";
import { useBrowserSession } from "../session/browser-session.js";
import { describeConnection } from "./describe-connection.js";
import { useNetwork } from "./use-network.js";
import { useNow } from "../time/use-now.js";

/** Says at any time how the connection is, and never more than is known. */
export function ConnectionIndicator({ onSignIn }: { readonly onSignIn: () => void }) {
  const page = useConnectionStatus();
  const session = useBrowserSession();
  // A page that watches nothing by itself still hears of the session.
  const status = page.state === "idle" && session ? { ...page, state: session.connectionState } : page;
  const isOnline = useNetwork();
  const isTicking = status.state === "reconnecting" || status.recovered !== null;
  const now = useNow(isTicking ? 1000 : null);
  const { state, text, countdown } = describeConnection(status, isOnline, now);
  return (
    <div className="connection" data-state={state}>
      <span className="connection-light" />
      {/* The seconds are for the eye only: read aloud they would never end. */}
      <span role="status">{text}</span>
      {countdown !== null && (
        <span className="number soft" aria-hidden="true">
          {countdown}
        </span>
      )}
      {status.state === "failed" && (
        <button
          type="button"
          className="button button-small"
          onClick={status.error?.data?.code === "UNAUTHORIZED" ? onSignIn : status.retry}
        >
          {status.error?.data?.code === "UNAUTHORIZED" ? "Sign in again" : "Try again"}
        </button>
      )}
    </div>
  );
}
