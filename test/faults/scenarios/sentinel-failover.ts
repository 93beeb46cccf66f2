import type { Fault } from "../fault.js";
import { marksBehind } from "../support/log-reading.js";
import type { RedisProcess } from "../support/redis-process.js";
import { until } from "../support/until.js";

/** Replication is asynchronous: what the replica had not got yet is gone, and only that. */
export const sentinelFailover: Fault = {
  name: "sentinel",
  title: "SIGKILL of the master; the sentinels promote its replica, and it comes back as one",
  topology: "sentinels",
  gapsOf: () => [0, 1],
  async strike({ stage, load }) {
    const { sentinels } = stage;
    if (!sentinels) throw new Error("This fault needs sentinels.");
    const old = stage.redis;
    await old.kill();
    await using remains = await old.copy();
    await until(
      async () => {
        const master = await sentinels.master();
        return master !== undefined && master !== old && (await isMaster(master));
      },
      () => "the sentinels have made the replica the master",
      60_000,
    );
    const answeringSince = performance.now();
    stage.redis = (await sentinels.master()) ?? old;
    const { redis } = stage;
    const taken = await marksBehind(
      load.topics,
      (ask) => remains.ask(ask),
      (ask) => redis.ask(ask),
    );
    await load.untilAllLive();
    await old.start();
    return { taken, answeringSince };
  },
};

async function isMaster(node: RedisProcess): Promise<boolean> {
  return /role:master/.test(await node.ask((redis) => redis.info("replication")).catch(() => ""));
}
