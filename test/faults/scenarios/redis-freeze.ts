import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "../fault.js";

/** What was sent to a frozen Redis is carried out when it thaws, long after the callers were refused. */
export const redisFreeze: Fault = {
  name: "redis-freeze",
  title: "SIGSTOP of Redis for some seconds",
  async strike({ stage, random, isShort }) {
    stage.redis.freeze();
    try {
      await delay(isShort ? random.integer(2500, 4000) : random.integer(3000, 10_000));
    } finally {
      stage.redis.thaw();
    }
    return { answeringSince: performance.now() };
  },
};
