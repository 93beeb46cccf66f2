import { redisKeys } from "../../support/redis-keys.js";
import type { Fault } from "../fault.js";
import { entriesOf, type LogRow } from "../support/log-reading.js";
import { feedTopic, topicOfJob } from "../../support/job-places.js";

/** Hands a log out and deletes it, in one step. */
const takeLog = `
local entries = redis.call("XRANGE", KEYS[1], "-", "+")
redis.call("DEL", KEYS[1])
return entries
`;

/** Streams that stand go on; those of the server that is killed come back to logs that lack what they have missed. */
export const evict: Fault = {
  name: "evict",
  title: "a server is killed; before it is back Redis evicts logs and keeps their heads",
  gapsOf: () => [0, 1, 2],
  async strike({ stage, load, random, isShort }) {
    const evicted = new Map<string, Map<number, string>>();
    for (let round = isShort ? 1 : 2; round > 0; round--) {
      await load.untilAllLive();
      const side = random.pick(stage.sides);
      await side.server.kill();
      await load.untilCommits(random.integer(20, 60));
      const jobs = load.jobIds.filter(() => random.chance(0.7));
      const topics = [feedTopic(load.ownerId), ...jobs.map((jobId) => topicOfJob(jobId))];
      for (const topic of topics) {
        const rows = await stage.redis.ask((redis) => redis.eval(takeLog, 1, redisKeys.log(topic)));
        const entries = entriesOf(rows as LogRow[]);
        evicted.set(topic.topic, new Map([...(evicted.get(topic.topic) ?? []), ...entries]));
      }
      await load.untilCommits(random.integer(0, 20));
      await stage.restartServer(side);
    }
    return { evicted };
  },
};
