import { useState } from "react";
import { useBrowserSession } from "./browser-session.js";

/** A version was announced: the page says so and leaves it to the person when to take it up. */
export function VersionBanner() {
  const version = useBrowserSession()?.version ?? null;
  const [dismissed, setDismissed] = useState<string | null>(null);
  const isShown = version?.pending === true && version.version !== dismissed;
  return (
    <div role="status" className={isShown ? "version-banner" : "unseen"}>
      {isShown && (
        <div>
          <p>
            <strong>Version {version.version} is out.</strong> {version.changelog} Reload when it suits you.
          </p>
          <button type="button" className="button button-small" onClick={() => location.reload()}>
            Reload
          </button>
          <button
            type="button"
            className="button button-quiet button-small"
            onClick={() => setDismissed(version.version)}
          >
            Later
          </button>
        </div>
      )}
    </div>
  );
}
