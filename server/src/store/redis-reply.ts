import { parseCursor, type Cursor } from "@jobwire/shared";
import { readMessage } from "./redis-message.js";
import { replayStartOf } from "./replay-start.js";
import type { LogEntry, Replay, StatePage, StateRecord, TopicHead } from "./store.js";

/** From `field, value, field, value, …`; `null` when there is none: Redis has no empty hashes. */
export function readRecord(reply: readonly string[]): StateRecord | null {
  return reply.length === 0 ? null : recordOf(reply);
}

/** From `epoch, offset, closed, ancestors`. */
export function readHead(reply: unknown): TopicHead {
  const [epoch, offset, closed] = textsOf(reply);
  return { cursor: { epoch: epoch ?? "", offset: Number(offset ?? 0) }, closed: closed === "1" };
}

/** From the same: where the log has forked from others. */
function readAncestors(reply: unknown): Cursor[] {
  const ancestors = textsOf(reply)[3] ?? "";
  return ancestors.split(" ").flatMap((text) => parseCursor(text) ?? []);
}

/** From the text of a page; without one there are none. */
export function readEntries(reply: unknown): readonly LogEntry[] {
  return typeof reply === "string" ? readMessage(reply).entries : [];
}

/**
 * Entries past the head are of an earlier log whose head was lost. Others may have been deleted from outside: what
 * follows such a hole is not said to follow what comes before it.
 */
export function replayOf(
  headReply: unknown,
  oldestOffset: number | undefined,
  entries: readonly LogEntry[],
  after: Cursor | null,
): Replay {
  const head = readHead(headReply);
  const { epoch, offset: newestOffset } = head.cursor;
  const trimmedOffset =
    oldestOffset !== undefined && oldestOffset <= newestOffset ? oldestOffset - 1 : newestOffset;
  const start = replayStartOf({ head, trimmedOffset, ancestors: readAncestors(headReply) }, after);
  if (start.kind === "gap") return start;
  const retained = entries.filter(({ offset }) => offset <= newestOffset);
  const following = retained.filter(({ offset }, index) => offset === start.offset + 1 + index);
  if (following.length > 0 || start.offset === newestOffset)
    return { kind: "events", entries: following, head };
  const offset = (retained[0]?.offset ?? newestOffset + 1) - 1;
  return { kind: "gap", reason: "trimmed", resumeAfter: { epoch, offset } };
}

/** What a list has found. */
interface FoundPage {
  readonly page: StatePage;
  readonly count: number;
  /** Members of indexes without a state; the page has their keys as `gone`. */
  readonly members: readonly string[];
}

/** Stands between the key of a listed state and the text that is searched. */
const textMark = "\u0001\n";

/** From `next or false, count, [members without a state], "1" when an index is lost, key, [field, value, …], key, …`. */
export function readPage(reply: unknown): FoundPage {
  if (!Array.isArray(reply)) throw new TypeError("Redis did not answer with a list");
  const [next, count, gone, isLost, ...listed] = reply as readonly unknown[];
  const items = listed.flatMap((key, position) =>
    position % 2 === 0 ? [{ key: String(key), state: recordOf(textsOf(listed[position + 1])) }] : [],
  );
  const members = textsOf(gone).map(String);
  const page = {
    items,
    next: typeof next === "string" ? next : null,
    gone: [...new Set(members.map(keyOfMember))],
    isLost: isLost === "1",
  };
  return { page, count: Number(count), members };
}

export function keyOfMember(member: string): string {
  return member.split(textMark, 1)[0] ?? member;
}

/** From the id of an entry. */
export function readOffset(id: unknown): number | undefined {
  return typeof id === "string" ? Number.parseInt(id, 10) : undefined;
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
