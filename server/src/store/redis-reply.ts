import type { Cursor } from "@jobwire/shared";
import type { LogEntry, Replay, StateRecord, TopicHead } from "./store.js";

/** From `field, value, field, value, …`; `null` when there is none: Redis has no empty hashes. */
export function readRecord(reply: readonly string[]): StateRecord | null {
  return reply.length === 0 ? null : recordOf(reply);
}

/** From HMGET head epoch offset closed; the epoch is `""` when there is no such topic. */
export function readHead(reply: unknown): TopicHead {
  const [epoch, offset, closed] = textsOf(reply);
  return { cursor: { epoch: epoch ?? "", offset: Number(offset ?? 0) }, closed: closed === "1" };
}

/** From XRANGE: `[id, [field, value, …]]` for each entry. */
export function readEntries(reply: unknown): LogEntry[] {
  if (!Array.isArray(reply)) throw new TypeError("XRANGE did not answer with a list");
  return reply.map((row: unknown) => {
    const [id, fields] = Array.isArray(row) ? (row as readonly unknown[]) : [];
    const { type = "", body = "", last } = recordOf(textsOf(fields));
    return { offset: Number.parseInt(String(id), 10), type, body, last: last === "1" };
  });
}

/**
 * The arithmetic of gaps: offsets have no holes, so what is missing is known from the ends of the log. Entries past the
 * head are of an earlier log whose head was lost.
 */
export function replayOf(
  head: TopicHead,
  oldest: LogEntry | undefined,
  entries: readonly LogEntry[],
  after: Cursor | null,
): Replay {
  const { epoch, offset: newest } = head.cursor;
  const beforeOldest = oldest && oldest.offset <= newest ? oldest.offset - 1 : newest;
  if (after && after.epoch !== epoch) {
    return { kind: "gap", reason: "log-lost", resumeAfter: { epoch, offset: beforeOldest } };
  }
  if (after && after.offset > newest) return { kind: "gap", reason: "log-lost", resumeAfter: head.cursor };
  if (after && after.offset < beforeOldest) {
    return { kind: "gap", reason: "trimmed", resumeAfter: { epoch, offset: beforeOldest } };
  }
  return { kind: "events", entries: entries.filter(({ offset }) => offset <= newest), head };
}

function recordOf(fields: readonly (string | null)[]): StateRecord {
  const record: Record<string, string> = {};
  for (let index = 0; index + 1 < fields.length; index += 2) {
    record[String(fields[index])] = fields[index + 1] ?? "";
  }
  return record;
}

function textsOf(reply: unknown): readonly (string | null)[] {
  if (!Array.isArray(reply)) throw new TypeError("Redis did not answer with a list");
  return reply.map((item: unknown) => (typeof item === "string" ? item : null));
}
