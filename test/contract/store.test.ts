import { afterAll } from "vitest";
import { openMemoryStore } from "../../server/src/store/memory-store.js";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import { startRedis } from "../support/redis-server.js";
import { describeStore } from "./store-contract.js";

const redis = await startRedis();
afterAll(() => redis[Symbol.asyncDispose]());

describeStore("memory", async (retention = { maxEvents: 1000 }) => openMemoryStore(retention));
describeStore("redis", (retention = { maxEvents: 1000 }) =>
  openRedisStore({ ...retention, url: redis.url, onReachable: () => {} }),
);
