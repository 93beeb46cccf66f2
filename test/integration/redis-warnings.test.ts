import { Redis } from "ioredis";
import { afterAll, expect, test } from "vitest";
import { readHealth } from "../../server/src/store/redis-health.js";
import { runCli } from "../cli/run-cli.js";
import { eventually } from "../contract/store-fixtures.js";
import { hasRedisServer, RedisProcess } from "../faults/support/redis-process.js";
import { startRedis } from "../support/redis-server.js";
import { serverProgram, startProcess } from "../support/server-process.js";
import { testSecret } from "../support/test-server.js";

/** What an operator should mend although everything works is said at the start, by /readyz and by `jobwire doctor`. */

const redis = await startRedis();
const admin = new Redis(redis.url);
afterAll(async () => {
  admin.disconnect();
  await redis[Symbol.asyncDispose]();
});

test("a Redis that may evict and keeps no log of its writes", async () => {
  await admin.config("SET", "maxmemory-policy", "allkeys-lru");
  await using server = await startProcess(process.execPath, serverProgram, {
    REDIS_URL: redis.url,
    JWT_SECRET: testSecret,
  });
  const expected = ["maxmemory-policy allkeys-lru", "set appendonly to yes"];
  for (const text of expected) await server.until((line) => line.includes(text));
  const readiness = await (await fetch(`${server.url}/readyz`)).text();
  const doctor = await runCli(["doctor", "--url", server.url, "--json"]);
  for (const text of expected) {
    expect(readiness).toContain(text);
    expect(doctor.stdout).toContain(text);
  }
});

test.skipIf(!hasRedisServer())("a Redis that is kept as it should be is not warned of", async () => {
  await using durable = await RedisProcess.start();
  expect(readHealth(await durable.ask((each) => each.info()))).toEqual([]);
});

test.skipIf(!hasRedisServer())("a replica is told from a master", async () => {
  await using replica = await RedisProcess.start();
  await replica.ask((each) => each.replicaof("127.0.0.1", "1"));
  await eventually(async () =>
    expect(readHealth(await replica.ask((each) => each.info())).join()).toContain("replica"),
  );
});

test.each([
  ["redis_version:5.0.14\r\n", ["Redis is 5.0.14: Jobwire needs 6.2 or newer"]],
  ["redis_version:6.0.16\r\n", ["Redis is 6.0.16: Jobwire needs 6.2 or newer"]],
  ["redis_version:6.2.0\r\n", []],
  ["redis_version:7.2.4\r\nevicted_keys:0\r\n", []],
  ["evicted_keys:12\r\n", [expect.stringContaining("12 keys")]],
  ["", []],
])("what INFO says: %j", (info, warnings) => {
  expect(readHealth(info)).toEqual(warnings);
});
