import { Redis } from "ioredis";
import { planCommit } from "../../../server/src/store/commit-plan.js";
import { commitScript } from "../../../server/src/store/commit.lua.js";
import { defaultPrefix, RedisKeys } from "../../../server/src/store/redis-keys.js";
import type { Commit } from "../../../server/src/store/store.js";
import type { BenchEvent } from "../event.js";
import type { Publisher, PublisherOptions } from "./contender.js";

/** How many events of a topic are kept. */
export const maxEvents = 5000;

const keyNames = new RedisKeys(defaultPrefix);

/** The store's own commits. Like those of the others, commits of one moment go to Redis together. */
export function commitPublisher(commitOf: (topic: string, event: BenchEvent) => Commit) {
  return async ({ redisUrl }: PublisherOptions): Promise<Publisher> => {
    const redis = new Redis(redisUrl, { enableAutoPipelining: true });
    redis.defineCommand("jobwireCommit", { lua: commitScript });
    return {
      async publish(topic, event) {
        const { keys, args } = planCommit(commitOf(topic, event), { maxEvents }, "PUBLISH", keyNames);
        await redis.jobwireCommit(keys.length, ...keys, ...args);
      },
      [Symbol.asyncDispose]: async () => redis.disconnect(),
    };
  };
}
