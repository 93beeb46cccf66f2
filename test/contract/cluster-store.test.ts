import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import { hasRedisServer } from "../faults/support/redis-process.js";
import { asMinimalUser, createMinimalUser, refusedByAcl } from "../support/minimal-user.js";
import { RedisCluster } from "../support/redis-cluster.js";
import { maxEvents } from "./store-commands.js";
import { describeStore } from "./store-contract.js";
import { harmOfRedis, holdsAgainstModel } from "./store-run.js";

const hasRedis = hasRedisServer();

describe.skipIf(!hasRedis)(`a Redis Cluster${hasRedis ? "" : " (there is no redis-server)"}`, () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await RedisCluster.start();
    for (const node of cluster.nodes) await node.ask((redis) => createMinimalUser(redis, "cluster"));
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  describeStore("redis cluster", (retention = { maxEvents: 1000 }) =>
    openRedisStore({ ...retention, url: asMinimalUser(cluster.url), onReachable: () => {} }),
  );

  test("whatever is asked of it, in any order, it answers as the model does", async () => {
    const url = asMinimalUser(cluster.url);
    const store = await openRedisStore({ url, maxEvents, onReachable: () => {} });
    await cluster.ask((admin) => holdsAgainstModel(store, harmOfRedis(admin), 30));
  });

  test("the documented user was refused nothing in all of this", async () => {
    for (const node of cluster.nodes) expect(await node.ask(refusedByAcl)).toEqual([]);
  });
});
