import { parseCursor, type Cursor } from "@jobwire/shared";
import superjson from "superjson";
import { jobStateKey, readJobState } from "../../support/job-places.js";
import { redisKeys } from "../../support/redis-keys.js";
import type { RedisCommands } from "../../../server/src/store/redis-commands.js";
import type { TopicKey } from "../../../server/src/store/store.js";

/** A topic as Redis has it. */
export interface LogSeen {
  readonly head: Cursor;
  readonly ancestors: readonly Cursor[];
  /** Each event as plain JSON, by offset. */
  readonly entries: ReadonlyMap<number, string>;
}

export interface JobSeen {
  readonly status: string;
  readonly message: string;
  /** How many statuses it has been in. */
  readonly entered: number;
}

/** Past all of Jobwire: what is really there. */
export async function readLog(redis: RedisCommands, topic: TopicKey): Promise<LogSeen> {
  const [epoch, offset, ancestors] = await redis.hmget(redisKeys.head(topic), "epoch", "offset", "ancestors");
  const rows = await redis.xrange(redisKeys.log(topic), "-", "+");
  return {
    head: { epoch: epoch ?? "", offset: Number(offset ?? 0) },
    ancestors: (ancestors ?? "").split(" ").flatMap((text) => parseCursor(text) ?? []),
    entries: entriesOf(rows),
  };
}

/** The marks of what one Redis has of these topics and another one, which was behind, has not. */
export async function marksBehind(
  topics: readonly TopicKey[],
  ahead: <Answer>(ask: (redis: RedisCommands) => Promise<Answer>) => Promise<Answer>,
  behind: <Answer>(ask: (redis: RedisCommands) => Promise<Answer>) => Promise<Answer>,
): Promise<Set<string>> {
  const marks = new Set<string>();
  for (const topic of topics) {
    const old = await ahead((redis) => readLog(redis, topic));
    const kept = await behind((redis) => readLog(redis, topic));
    for (const [offset, text] of old.entries) {
      const mark = markOf(text);
      if (mark !== undefined && kept.entries.get(offset) !== text) marks.add(mark);
    }
  }
  return marks;
}

/** Of a message or a text; that of a job that was cancelled says first by whom. */
export function markOf(text: string): string | undefined {
  return /"(?:message|text)":"(?:[^"]*: )?([^"]+\/\d+)"/.exec(text)?.[1];
}

/** As XRANGE has it. */
export type LogRow = [id: string, fields: string[]];

export function entriesOf(rows: readonly LogRow[]): Map<number, string> {
  return new Map(
    rows.map(([id, fields]) => {
      const body = fields[fields.indexOf("body") + 1] ?? "";
      return [Number.parseInt(id, 10), JSON.stringify(superjson.parse(body))];
    }),
  );
}

export async function readJob(redis: RedisCommands, jobId: string): Promise<JobSeen | null> {
  const record = await redis.hgetall(jobStateKey(jobId));
  if (record.state === undefined) return null;
  const { status, message, stages, outcome } = readJobState(jobId, record);
  return { status, message, entered: stages.length + (outcome ? 1 : 0) };
}
