import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "../fault.js";

/** The worst kind of outage: connections are accepted, nothing is ever answered, and nobody says so. */
export const redisMute: Fault = {
  name: "redis-mute",
  title: "Redis accepts connections and never answers",
  async strike({ stage, random, isShort }) {
    stage.redisProxy.mute();
    await delay(isShort ? random.integer(2500, 4000) : random.integer(3000, 10_000));
    // Half of the time what was held back is lost, else it arrives late.
    if (random.chance(0.5)) stage.redisProxy.cut();
    stage.redisProxy.heal();
    return { answeringSince: performance.now() };
  },
};
