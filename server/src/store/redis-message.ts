import type { LogEntry, LogMessage } from "./store.js";

/**
 * Reads what the commit script publishes to a topic's channel: the epoch, then for each event a line
 * `offset last type` and a line with its body. The body is passed on unread.
 */
export function readMessage(text: string): LogMessage {
  const [epoch = "", ...lines] = text.split("\n");
  const entries: LogEntry[] = [];
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const [, offset, last, type = ""] = /^(\d+) ([01]) (.*)$/.exec(lines[index] ?? "") ?? [];
    entries.push({ offset: Number(offset), type, body: lines[index + 1] ?? "", last: last === "1" });
  }
  return { epoch, entries };
}
