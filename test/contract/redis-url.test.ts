import { expect, test } from "vitest";
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

test("a Cluster with a database is refused", () => {
  expect(() => redisPlaceOf("redis+cluster://one:7000/1")).toThrow(/a Cluster has no databases/);
});
