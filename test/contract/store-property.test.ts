import { Redis } from "ioredis";
import { afterAll, describe, test } from "vitest";
import { openFileStore } from "../../server/src/store/file-store.js";
import { openMemoryStore } from "../../server/src/store/memory-store.js";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import { newFolder } from "../support/new-folder.js";
import { startRedis } from "../support/redis-server.js";
import { maxEvents } from "./store-commands.js";
import { harmOfMemory, harmOfRedis, holdsAgainstModel } from "./store-run.js";

const redis = await startRedis();
const admin = new Redis(redis.url);
afterAll(async () => {
  admin.disconnect();
  await redis[Symbol.asyncDispose]();
});

describe("whatever is asked of it, in any order, a store answers as the model does", () => {
  test("memory", async () => {
    const store = openMemoryStore({ maxEvents });
    await holdsAgainstModel(store, harmOfMemory(store), 200);
  });

  test("file", async () => {
    const store = await openFileStore({ folder: await newFolder(), maxEvents, onReachable: () => {} });
    await holdsAgainstModel(store, harmOfMemory(store), 200);
  });

  // The embedded Valkey takes a millisecond for each command.
  test("redis", { timeout: redis.kind === "redis-server" ? 30_000 : 180_000 }, async () => {
    const store = await openRedisStore({ url: redis.url, maxEvents, onReachable: () => {} });
    await holdsAgainstModel(store, harmOfRedis(admin), 200);
  });
});
