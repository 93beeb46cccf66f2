import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { hasRedisServer, RedisProcess } from "../faults/support/redis-process.js";
import { freePort, startRedis } from "../support/redis-server.js";
import { serverProgram, startProcess } from "../support/server-process.js";
import { testSecret } from "../support/test-server.js";
import { eventually } from "../contract/store-fixtures.js";

/** Accepts connections and says nothing, ever. */
const mute = createServer((socket) => socket.on("error", () => {}));
mute.listen(0, "127.0.0.1");
await once(mute, "listening");
const mutePort = (mute.address() as AddressInfo).port;
const plainRedis = await startRedis();
afterAll(async () => {
  mute.close();
  await plainRedis[Symbol.asyncDispose]();
});

const start = (url: string) =>
  startProcess(process.execPath, serverProgram, {
    REDIS_URL: url,
    JWT_SECRET: testSecret,
    LOG_LEVEL: "info",
  });

const statusOf = async (url: string) => (await fetch(url)).status;

describe.concurrent("a server that finds no Redis at its start", () => {
  test.each([
    ["no sentinel", "redis+sentinel://127.0.0.1:1/m"],
    ["sentinels that know no such master", `redis+sentinel://127.0.0.1:${new URL(plainRedis.url).port}/m`],
    ["a sentinel that says nothing", `redis+sentinel://127.0.0.1:${mutePort}/m`],
    ["no node of a Cluster", "redis+cluster://127.0.0.1:1,127.0.0.1:2"],
    ["a node that is in no Cluster", `redis+cluster://127.0.0.1:${new URL(plainRedis.url).port}`],
    ["a Cluster that says nothing", `redis+cluster://127.0.0.1:${mutePort}`],
    ["a host that does not exist", "redis://no-such-host.invalid:6379"],
    ["a port that says nothing", `redis://127.0.0.1:${mutePort}`],
    ["TLS where there is none", plainRedis.url.replace("redis://", "rediss://")],
    ["a password that is wrong", plainRedis.url.replace("://", "://nobody:wrong@")],
  ])("listens, says so once, is not ready, and ends at the first SIGTERM: %s", async (_, url) => {
    await using server = await start(url);
    expect(await statusOf(`${server.url}/healthz`)).toBe(200);
    expect(await statusOf(`${server.url}/readyz`)).toBe(503);
    await server.until((line) => line.includes("Redis is not reachable"));
    expect(await server.stop()).toBe(0);
    expect(server.lines.filter((line) => line.includes("Redis is not reachable"))).toHaveLength(1);
    expect(server.lines.join("\n")).not.toContain("wrong@");
  });
});

test.skipIf(!hasRedisServer())("a server that found none works when it comes", async () => {
  const port = await freePort();
  await using server = await start(`redis://127.0.0.1:${port}`);
  expect(await statusOf(`${server.url}/readyz`)).toBe(503);
  await using _redis = await RedisProcess.start([], port);
  await eventually(async () => expect(await statusOf(`${server.url}/readyz`)).toBe(200));
  await server.until((line) => line.includes("Redis is reachable"));
});
