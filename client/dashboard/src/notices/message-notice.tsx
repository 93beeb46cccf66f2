import type { SessionMessage } from "@jobwire/client/react";
import { Clock } from "../time/clock.js";

export function MessageNotice({ message: { name, data, timestamp } }: { readonly message: SessionMessage }) {
  return (
    <div className="message-notice">
      <div className="task-head">
        <strong dir="auto">{name}</strong>
        <Clock time={timestamp} className="soft small number" />
      </div>
      <code dir="auto">{typeof data === "string" ? data : JSON.stringify(data)}</code>
    </div>
  );
}
