import { expect, test } from "vitest";
import { hasRedisServer, RedisProcess } from "../faults/support/redis-process.js";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import { redisPlaceOf } from "../../server/src/store/redis-options.js";

const places = {
  "redis://localhost": { kind: "single", options: { host: "localhost", port: 6379, db: 0 } },
  "redis://10.0.0.1:7000/3": { kind: "single", options: { host: "10.0.0.1", port: 7000, db: 3 } },
  "rediss://user:p%40ss@cache.example": {
    kind: "single",
    options: { host: "cache.example", port: 6379, db: 0, username: "user", password: "p@ss", tls: {} },
  },
  "redis://:secret@[::1]:6380": {
    kind: "single",
    options: { host: "::1", port: 6380, db: 0, password: "secret" },
  },
  "redis+sentinel://user:secret@one,two:5000/main/2": {
    kind: "single",
    options: {
      sentinels: [
        { host: "one", port: 26_379 },
        { host: "two", port: 5000 },
      ],
      name: "main",
      db: 2,
      username: "user",
      password: "secret",
    },
  },
  "rediss+sentinel://one/main": {
    kind: "single",
    options: { sentinels: [{ host: "one", port: 26_379 }], name: "main", db: 0, tls: {}, sentinelTLS: {} },
  },
  "redis+cluster://one:7000,two,[::1]:7002": {
    kind: "cluster",
    nodes: [
      { host: "one", port: 7000 },
      { host: "two", port: 6379 },
      { host: "::1", port: 7002 },
    ],
    options: {},
  },
  "rediss+cluster://user:secret@one": {
    kind: "cluster",
    nodes: [{ host: "one", port: 6379 }],
    options: { username: "user", password: "secret", tls: {} },
  },
};

test.each(Object.entries(places))("%s says where Redis is", (url, place) => {
  expect(redisPlaceOf(url)).toEqual(place);
});

test.each([
  "",
  "localhost",
  "http://localhost",
  "redis://",
  "redis://one,two",
  "redis://one/name",
  "redis://one:port",
  "redis+sentinel://one",
  "redis+sentinel://one/main/first",
  "redis+cluster://",
  "redis+cluster://one,,two",
  "redis+proxy://one",
])("%j is refused with the forms that there are", (url) => {
  expect(() => redisPlaceOf(url)).toThrow(/expected redis:.*redis\+sentinel:.*redis\+cluster:/);
});

/** Passwords as `new URL` reads them. */
test.each([
  ["redis://u:a:b@one", { username: "u", password: "a:b" }],
  ["redis://u:a@b@one", { username: "u", password: "a@b" }],
  ["redis://u:%3A%40%25%2F%3F%23@one", { username: "u", password: ":@%/?#" }],
  ["redis://u:p%C3%A4ss@one", { username: "u", password: "päss" }],
  ["redis://:a:b@one", { password: "a:b" }],
  ["redis://u@one", { username: "u" }],
  ["redis://u:@one", { username: "u" }],
  ["redis://@one", {}],
  ["redis+sentinel://u:a@b:c@one,two/main", { username: "u", password: "a@b:c" }],
  ["redis+cluster://u%3Av:a%25b@one,two", { username: "u:v", password: "a%b" }],
])("%s has its user and password", (url, account) => {
  const { username, password } = redisPlaceOf(url).options;
  expect({ ...(username && { username }), ...(password && { password }) }).toEqual(account);
});

test.each([
  ["redis://one?family=6", 6],
  ["redis://one/2?family=4", 4],
  ["rediss+cluster://one,two?family=0", 0],
  ["redis+sentinel://one/main?family=6", 6],
  ["redis://one", undefined],
  ["REDIS://one:6380/", undefined],
])("%s is reached by addresses of the family %s", (url, family) => {
  expect(redisPlaceOf(url).options.family).toBe(family);
});

const secret = "s3cr3t";
test.each([
  [`redis://u:${secret}%@one`, /the password has a "%" that begins no escape: write it as %25/],
  [`redis://u%zz:${secret}@one`, /the user has a "%"/],
  [`redis://u:${secret}#more@one`, /written with %23/],
  [`redis://u:${secret}/more@one`, /expected redis:/],
  [`redis://u:${secret}@one?family=5`, /family= is 4, 6, or 0/],
  [`redis://u:${secret}@one?tls=true`, /\?tls is not understood/],
  [`redis://u:${secret}@one:70000`, /a port is at most 65535/],
  [`redis://u:${secret}@one/first`, /a database is a number/],
  [`redis+sentinel://u:${secret}@one/main%`, /the name of the master has a "%"/],
  [`valkey://u:${secret}@one`, /begins with another scheme/],
])("%s is refused with what is wrong, without the password", (url, problem) => {
  expect(() => redisPlaceOf(url)).toThrow(problem);
  expect(() => redisPlaceOf(url)).not.toThrow(secret);
});

test.skipIf(!hasRedisServer())(
  "a server whose password has colons, at signs and percent signs is reached",
  async () => {
    const password = "a:b@c%d/e";
    await using redis = await RedisProcess.start();
    await redis.ask((admin) => admin.config("SET", "requirepass", password));
    await using store = await openRedisStore({
      url: `redis://default:a:b@c%25d%2Fe@127.0.0.1:${redis.port}`,
      maxEvents: 10,
      onReachable: () => {},
    });
    await expect(store.ping()).resolves.toBeUndefined();
  },
);

test("a Cluster with a database is refused", () => {
  expect(() => redisPlaceOf("redis+cluster://one:7000/1")).toThrow(/a Cluster has no databases/);
});
