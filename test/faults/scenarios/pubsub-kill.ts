import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "../fault.js";

/** Commits go on all the time, so every cut loses messages. */
export const pubsubKill: Fault = {
  name: "pubsub-kill",
  title: "CLIENT KILL TYPE pubsub, again and again",
  async strike({ stage, random, isShort }) {
    await stage.redis.ask(async (redis) => {
      for (let round = isShort ? 15 : 40; round > 0; round--) {
        await redis.call("CLIENT", "KILL", "TYPE", "pubsub");
        await delay(random.integer(0, 200));
      }
    });
  },
};
