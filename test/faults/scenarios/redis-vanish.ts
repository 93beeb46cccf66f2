import type { Fault } from "../fault.js";

/** As when a firewall forgets its connections: they look well, and only asking shows that nobody is there. */
export const redisVanish: Fault = {
  name: "redis-vanish",
  title: "the connections to Redis die without a word; new ones work",
  async strike({ stage, load, random }) {
    await load.untilCommits(random.integer(1, 20));
    stage.redisProxy.vanish();
    return { answeringSince: performance.now() };
  },
};
