import { ClockContext, useNow } from "../time/use-now.js";
import { describeConnection } from "./describe-connection.js";
import { useKnownConnection } from "./page-connection.js";

export interface ConnectionIndicatorProps {
  readonly onSignIn: () => void;
}

/** Says at any time how the connection is, and never more than is known. */
export function ConnectionIndicator({ onSignIn }: ConnectionIndicatorProps) {
  return (
    // This clock goes while the others stand.
    <ClockContext value>
      <Indicator onSignIn={onSignIn} />
    </ClockContext>
  );
}

function Indicator({ onSignIn }: ConnectionIndicatorProps) {
  const known = useKnownConnection();
  const { status } = known;
  const now = useNow(status.state === "reconnecting" || status.recovered !== null ? 1000 : null);
  const { state, text, countdown, meaning, action } = describeConnection(known, now);
  return (
    <div className="connection" data-state={state} title={meaning}>
      <span className="connection-light" />
      {/* The seconds are for the eye only: read aloud they would never end. */}
      <span role="status">{text}</span>
      {countdown !== null && (
        <span className="number soft" aria-hidden="true">
          {countdown}
        </span>
      )}
      {action !== null && (
        <button
          type="button"
          className="button button-small"
          onClick={action === "sign-in" ? onSignIn : status.retry}
        >
          {action === "sign-in" ? "Sign in again" : "Try again"}
        </button>
      )}
    </div>
  );
}
