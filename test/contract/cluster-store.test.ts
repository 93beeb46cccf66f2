import { afterAll, beforeAll, describe } from "vitest";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import { hasRedisServer } from "../faults/support/redis-process.js";
import { RedisCluster } from "../support/redis-cluster.js";
import { describeStore } from "./store-contract.js";

const hasRedis = hasRedisServer();

describe.skipIf(!hasRedis)(`a Redis Cluster${hasRedis ? "" : " (there is no redis-server)"}`, () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  describeStore("redis cluster", (retention = { maxEvents: 1000 }) =>
    openRedisStore({ ...retention, url: cluster.url, onReachable: () => {} }),
  );
});
