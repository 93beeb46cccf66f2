import { Wordmark } from "./wordmark.js";

/** What `index.html` shows too: while it is asked who is signed in, nothing moves. */
export function Opening() {
  return (
    <header className="frame-header">
      <div className="frame-bar">
        <Wordmark />
      </div>
    </header>
  );
}
