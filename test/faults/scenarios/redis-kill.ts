import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "../fault.js";

/** Nothing that was acknowledged may be missing afterwards: it was on the disk before the answer. */
export const redisKill: Fault = {
  name: "redis-kill",
  title: "SIGKILL of Redis, and a restart from its append-only file",
  async strike({ stage, load, random, isShort }) {
    for (let round = isShort ? 1 : random.integer(1, 3); round > 0; round--) {
      await stage.redis.kill();
      await delay(random.integer(50, isShort ? 1000 : 4000));
      await stage.redis.start();
      const answeringSince = performance.now();
      if (round === 1) return { answeringSince };
      await load.untilCommits(5);
    }
    return {};
  },
};
