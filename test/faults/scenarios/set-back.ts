import type { Fault } from "../fault.js";
import { FaultProxy } from "../support/fault-proxy.js";
import { marksBehind } from "../support/log-reading.js";
import { RedisProcess } from "../support/redis-process.js";
import { until } from "../support/until.js";

/**
 * A replica that was behind becomes the master, as in a failover of asynchronous replication. Every stream was
 * delivered more than the new log has: it sees one gap, and then the new events that have the offsets of the lost ones.
 */
export const setBack: Fault = {
  name: "set-back",
  title: "a replica that was behind is promoted: the logs are set back",
  gapsOf: ({ kind }) => (kind === "output" ? [0, 1] : [1]),
  async strike({ stage, load, random, isShort }) {
    const master = stage.redis;
    await using line = await FaultProxy.start(master.port);
    const replica = await RedisProcess.start(["--repl-diskless-load", "swapdb"]);
    await replica.ask(async (redis) => {
      await redis.replicaof("127.0.0.1", line.port);
      await until(
        async () => /master_link_status:up/.test(await redis.info("replication")),
        () => "the replica is in step",
      );
    });
    await load.untilCommits(random.integer(5, 15));
    line.mute();
    await load.untilCommits(random.integer(10, isShort ? 20 : 60));
    await load.untilAllLive();
    await replica.ask((redis) => redis.replicaof("NO", "ONE"));
    // Nobody reaches the old master any more; what it has is known before the new one takes commits.
    stage.redisProxy.mute();
    stage.redisProxy.cut();
    const taken = await marksBehind(
      load.topics,
      (ask) => master.ask(ask),
      (ask) => replica.ask(ask),
    );
    if (taken.size === 0) throw new Error("The replica was not behind.");
    await stage.replaceRedis(replica);
    stage.redisProxy.heal();
    return { taken, answeringSince: performance.now() };
  },
};
