import { redisStore, type Jobwire } from "@jobwire/server/topics";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, vi } from "vitest";
import { hasRedisServer, RedisProcess } from "../faults/support/redis-process.js";
import { openAlarms } from "./alarms.js";
import { openShop, type Shop } from "./order.js";
import { newPrefix } from "./stores.js";

/** Two seconds are promised; the rest is for a machine that is busy with other things. */
export const refusedWithinMs = 2500;

/** What every call is refused with while the store is away. */
export const away = { code: "SERVICE_UNAVAILABLE", reason: "STORE_UNAVAILABLE" };

export interface Outage {
  /** On a Redis that writes everything to disk before it answers. */
  readonly shop: Shop;
  /** Another process with the same store. */
  readonly open: () => Promise<Shop>;
  readonly openClock: () => ReturnType<typeof openAlarms>;
  readonly begin: () => Promise<void>;
  /** Redis is there again; nobody may have noticed yet. */
  readonly end: () => Promise<void>;
  /** Resolves when the shop, or this one, has noticed. */
  readonly back: (jobwire?: Jobwire) => Promise<void>;
}

/** Defines tests once for each way an outage looks like. */
export function describeOutages(title: string, define: (outage: () => Outage) => void): void {
  const hasRedis = hasRedisServer();
  const kinds = [
    {
      name: "killed",
      begin: (redis: RedisProcess) => redis.kill(),
      end: (redis: RedisProcess) => redis.start(),
    },
    {
      name: "frozen",
      begin: async (redis: RedisProcess) => redis.freeze(),
      end: async (redis: RedisProcess) => redis.thaw(),
    },
  ];
  describe.skipIf(!hasRedis).each(kinds)(
    `${title} while Redis is $name${hasRedis ? "" : " (there is no redis-server)"}`,
    ({ begin, end }) => {
      let redis: RedisProcess;
      let outage: Outage;

      beforeAll(async () => {
        redis = await RedisProcess.start();
      });
      beforeEach(async () => {
        const prefix = newPrefix();
        const store = () => redisStore({ url: `redis://127.0.0.1:${redis.port}`, prefix });
        const open = () => openShop(store());
        const shop = await open();
        outage = {
          shop,
          open,
          openClock: () => openAlarms(store(), "one"),
          begin: () => begin(redis),
          end: () => end(redis),
          back: (jobwire = shop.jobwire) => untilBack(jobwire),
        };
      });
      afterEach(() => outage.shop[Symbol.asyncDispose]());
      afterAll(() => redis[Symbol.asyncDispose]());

      define(() => outage);
    },
  );
}

async function untilBack(jobwire: Jobwire): Promise<void> {
  await vi.waitFor(
    async () => {
      await jobwire.ping();
      expect(jobwire.isReachable).toBe(true);
    },
    { timeout: 20_000, interval: 20 },
  );
}
