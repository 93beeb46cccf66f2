import { randomUUID } from "node:crypto";
import { fileStore, memoryStore, redisStore, type JobwireStore } from "@jobwire/server/topics";
import { afterAll, beforeAll, describe } from "vitest";
import { newFolder } from "../support/new-folder.js";
import { startRedis, type TestRedis } from "../support/redis-server.js";

/** Defines tests once for each store. Each `open` is a place of its own, without what others have written. */
export function describeOnEachTopicStore(
  title: string,
  define: (newStore: () => JobwireStore) => void,
): void {
  describe(`${title} (memory)`, () => define(memoryStore));
  describe(`${title} (file)`, () =>
    define(() => ({ open: async (setup) => fileStore({ dir: await newFolder() }).open(setup) })));
  describeOnRedis(`${title} (redis)`, (redis) =>
    define(() => redisStore({ url: redis().url, prefix: newPrefix() })),
  );
}

export function describeOnRedis(title: string, define: (redis: () => TestRedis) => void): void {
  describe(title, () => {
    let started: TestRedis | undefined;
    beforeAll(async () => {
      started = await startRedis();
    });
    afterAll(async () => started?.[Symbol.asyncDispose]());
    define(() => {
      if (!started) throw new Error("Redis has not been started.");
      return started;
    });
  });
}

export function newPrefix(): string {
  return `p${randomUUID().slice(0, 8)}`;
}
