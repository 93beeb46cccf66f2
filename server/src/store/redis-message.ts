import type { LogEntry, LogMessage } from "./store.js";

/**
 * Reads what the commit script publishes to a topic's channel: the epoch, then for each event a line
 * `offset last type` and a line with its body. The body is passed on unread. Every event of every topic comes through
 * here, so the text is cut where the line feeds are and nothing else is made of it.
 */
export function readMessage(text: string): LogMessage {
  const entries: LogEntry[] = [];
  const epochEnd = text.indexOf("\n");
  for (let start = epochEnd + 1; start > 0 && start < text.length;) {
    const offsetEnd = text.indexOf(" ", start);
    const headEnd = text.indexOf("\n", offsetEnd);
    const bodyEnd = text.indexOf("\n", headEnd + 1);
    entries.push({
      offset: Number(text.slice(start, offsetEnd)),
      type: text.slice(offsetEnd + 3, headEnd),
      body: bodyEnd === -1 ? text.slice(headEnd + 1) : text.slice(headEnd + 1, bodyEnd),
      last: text[offsetEnd + 1] === "1",
    });
    start = bodyEnd + 1;
  }
  return { epoch: epochEnd === -1 ? text : text.slice(0, epochEnd), entries };
}
