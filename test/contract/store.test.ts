import { Redis } from "ioredis";
import { afterAll, expect, test } from "vitest";
import { openFileStore } from "../../server/src/store/file-store.js";
import { openMemoryStore } from "../../server/src/store/memory-store.js";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import { asMinimalUser, createMinimalUser, refusedByAcl } from "../support/minimal-user.js";
import { newFolder } from "../support/new-folder.js";
import { startRedis } from "../support/redis-server.js";
import { describeStore } from "./store-contract.js";

const redis = await startRedis();
const admin = new Redis(redis.url);
await createMinimalUser(admin, "single");
afterAll(async () => {
  admin.disconnect();
  await redis[Symbol.asyncDispose]();
});

describeStore("memory", async (retention = { maxEvents: 1000 }) => openMemoryStore(retention));
describeStore("file", async (retention = { maxEvents: 1000 }) =>
  openFileStore({ ...retention, folder: await newFolder(), onReachable: () => {} }),
);
describeStore("redis", (retention = { maxEvents: 1000 }) =>
  openRedisStore({ ...retention, url: asMinimalUser(redis.url), onReachable: () => {} }),
);

test("the documented user was refused nothing in all of this", async () => {
  expect(await refusedByAcl(admin)).toEqual([]);
});
