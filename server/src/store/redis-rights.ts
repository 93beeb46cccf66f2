import type { Redis } from "ioredis";
import { planCommit } from "./commit-plan.js";
import type { CommitScriptInput } from "./commit-script-input.js";
import { commitScript } from "./commit.lua.js";
import { listDueScript } from "./list-due.lua.js";
import { isRightMissing, MissingRights, redisErrorToken } from "./redis-error.js";
import type { RedisKeys } from "./redis-keys.js";

const unknownScript = "0".repeat(40);

/** What a commit and a read run, each on a key or channel of ours. Harmless, whatever is there. */
const commands: readonly (readonly [name: string, ...args: string[]])[] = [
  ["EXISTS", "state"],
  ["HGET", "state", "a"],
  ["HGETALL", "state"],
  ["HMGET", "head", "epoch"],
  ["HDEL", "counts", "a"],
  ["HSET", "state", "a", "1"],
  ["XADD", "log", "MAXLEN", "1", "*", "a", "1"],
  ["XRANGE", "log", "-", "+", "COUNT", "1"],
  ["ZADD", "index", "0", "a"],
  ["ZCARD", "index"],
  ["ZRANGEBYSCORE", "due", "-inf", "0", "LIMIT", "0", "1"],
  ["ZRANGEBYLEX", "index", "-", "+", "LIMIT", "0", "1"],
  ["ZREVRANGEBYLEX", "index", "+", "-", "LIMIT", "0", "1"],
  ["ZREM", "index", "a"],
  ["GET", "made"],
  ["SET", "made", "1", "PX", "1"],
  ["PERSIST", "head"],
  ["PEXPIRE", "state", "1"],
  ["PEXPIRE", "log", "1"],
  ["DEL", "log"],
  ["TIME"],
  ["SCAN", "0", "COUNT", "1"],
  ["EVAL", "return 1", "0"],
  ["EVALSHA", unknownScript, "0"],
];

const withoutKey: ReadonlySet<string> = new Set(["TIME", "SCAN", "EVAL", "EVALSHA"]);

/**
 * Proves that this user may do all that a commit does, by doing one that leaves nothing behind. Without one of the rights
 * a commit could break off in the middle.
 * @param tag The part of the key names that says where they are in a Cluster.
 * @throws MissingRights; what Redis said when it is something else.
 */
export async function proveRights(
  redis: Redis,
  tag: string,
  publish: CommitScriptInput["publish"],
  keys: RedisKeys,
): Promise<true> {
  const probe = planCommit(
    {
      scope: tag,
      state: { key: "probe", set: { a: "1" }, index: "probe" },
      events: [{ topic: "probe", type: "probe", body: "", last: true }],
      retainMs: 0,
    },
    { maxEvents: 1 },
    publish,
    keys,
  );
  try {
    await redis.eval(commitScript, probe.keys.length, ...probe.keys, ...probe.args);
    await redis.eval(listDueScript, 2, keys.due(tag), keys.counts(tag), 1);
    await redis.time();
    await redis.scan("0", "COUNT", 1);
    await redis.evalsha(unknownScript, 0).catch((error: unknown) => {
      if (redisErrorToken(error) !== "NOSCRIPT") throw error;
    });
    return true;
  } catch (error) {
    if (!isRightMissing(error)) throw error;
    const refusals = await findRefusals(redis, tag, publish, keys);
    throw new MissingRights(refusals.length > 0 ? refusals : [error]);
  }
}

/** Each command by itself says what a script does not: which one it is, and whether the key or the channel is the reason. */
async function findRefusals(
  redis: Redis,
  tag: string,
  publish: CommitScriptInput["publish"],
  keys: RedisKeys,
): Promise<string[]> {
  const nameOf = (name: string) => `${keys.prefix}:{${tag}}:rights:${name}`;
  const refusals = new Set<string>();
  for (const [name, first = "", ...rest] of [...commands, [publish, "channel", ""] as const]) {
    const args = withoutKey.has(name)
      ? [first, ...rest].filter((word) => word !== "")
      : [nameOf(first), ...rest];
    try {
      await redis.call(name, ...args);
    } catch (error) {
      if (isRightMissing(error) && error instanceof Error) refusals.add(`${name}: ${error.message}`);
    }
  }
  return [...refusals];
}
