import { useState } from "react";
import { useBrowserSession } from "./browser-session.js";

/** The announced version that this tab was reloaded for. */
const takenUpKey = "jobwire.version";

/** A version was announced: the page says so and leaves it to the person when to take it up. */
export function VersionBanner() {
  const version = useBrowserSession()?.version ?? null;
  const [settled, setSettled] = useState(() => sessionStorage.getItem(takenUpKey));
  const isShown = version?.pending === true && version.version !== settled;
  const reload = () => {
    if (version) sessionStorage.setItem(takenUpKey, version.version);
    location.reload();
  };
  return (
    <div role="status" className={isShown ? "version-banner" : "unseen"}>
      {isShown && (
        <>
          <p>
            <strong>Version {version.version} is out.</strong> {version.changelog}
          </p>
          <div className="version-actions">
            <button type="button" className="button button-small" onClick={reload}>
              Reload
            </button>
            <button
              type="button"
              className="button button-quiet button-small"
              onClick={() => setSettled(version.version)}
            >
              Later
            </button>
          </div>
        </>
      )}
    </div>
  );
}
