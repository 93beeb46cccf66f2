import { parseCursor, type Cursor } from "@jobwire/shared";
import superjson from "superjson";
import { jobKey, jobTopic, ownerScope } from "../../../server/src/jobs/job-keys.js";
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
  readonly revision: number;
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

export async function readJob(redis: RedisCommands, ownerId: string, jobId: string): Promise<JobSeen | null> {
  const key = redisKeys.state({ scope: ownerScope(ownerId), key: jobKey(jobId) });
  const record = await redis.hgetall(key);
  if (Object.keys(record).length === 0) return null;
  return {
    status: record.status ?? "",
    message: record.message ?? "",
    revision: Number(record.revision),
  };
}

export function topicOfJob(ownerId: string, jobId: string): TopicKey {
  return { scope: ownerScope(ownerId), topic: jobTopic(jobId) };
}

export { feedTopic } from "../../../server/src/jobs/job-keys.js";
