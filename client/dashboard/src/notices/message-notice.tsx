import type { SessionMessage } from "@jobwire/client/react";
import { Clock } from "../time/clock.js";

/** The session's page has all of it. */
const shownLength = 300;

export function MessageNotice({ message: { name, data, timestamp } }: { readonly message: SessionMessage }) {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return (
    <div className="message-notice">
      <div className="task-head">
        <strong dir="auto">{name}</strong>
        <Clock time={timestamp} className="soft small number" />
      </div>
      <code dir="auto">{text.length > shownLength ? `${text.slice(0, shownLength)}…` : text}</code>
    </div>
  );
}
