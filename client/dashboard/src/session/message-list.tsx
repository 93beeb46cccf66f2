import type { SessionMessage } from "@jobwire/client/react";
import { Clock } from "../time/clock.js";

/** Newest first. */
export function MessageList({ messages }: { readonly messages: readonly SessionMessage[] }) {
  if (messages.length === 0)
    return <p className="soft small">None. A service sends them with sessions.send.</p>;
  return (
    <ul className="messages">
      {messages.toReversed().map(({ name, data, timestamp }, index) => (
        <li key={`${timestamp.getTime()} ${messages.length - index}`}>
          <span className="label">
            <Clock time={timestamp} /> {name}
          </span>
          <code>{typeof data === "string" ? data : JSON.stringify(data)}</code>
        </li>
      ))}
    </ul>
  );
}
