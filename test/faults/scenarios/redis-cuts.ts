import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "../fault.js";

export const redisCuts: Fault = {
  name: "redis-cuts",
  title: "the connections to Redis are cut every 500 ms, over a slow line",
  async strike({ stage, random, isShort }) {
    stage.redisProxy.slowDown({
      delayMs: random.integer(0, 8),
      bytesPerSecond: random.integer(200_000, 2_000_000),
    });
    for (let round = isShort ? 6 : 20; round > 0; round--) {
      stage.redisProxy.cut();
      await delay(500);
    }
    stage.redisProxy.heal();
  },
};
