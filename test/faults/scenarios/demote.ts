import type { Fault } from "../fault.js";
import { FaultProxy } from "../support/fault-proxy.js";
import { RedisProcess } from "../support/redis-process.js";
import { until } from "../support/until.js";

const pauseMs = 5000;

/**
 * The connections to the old master stand: it answers readers, refuses writers and passes nothing on. Nothing is lost, so
 * nobody may see a gap.
 */
export const demote: Fault = {
  name: "demote",
  title: "the master becomes a replica whose link is down; another Redis is the master now",
  async strike({ stage, load, random }) {
    const old = stage.redis;
    await using line = await FaultProxy.start(old.port);
    const next = await RedisProcess.start(["--repl-diskless-load", "swapdb"]);
    await next.ask((redis) => redis.replicaof("127.0.0.1", line.port));
    await until(
      async () => /master_link_status:up/.test(await next.ask((redis) => redis.info("replication"))),
      () => "the replica is in step",
    );
    await load.untilCommits(random.integer(5, 30));
    await old.ask((redis) => redis.client("PAUSE", pauseMs, "WRITE"));
    const offsetOf = async (redis: RedisProcess, field: string) =>
      new RegExp(`${field}:(\\d+)`).exec(await redis.ask((admin) => admin.info("replication")))?.[1];
    await until(
      async () => (await offsetOf(old, "master_repl_offset")) === (await offsetOf(next, "slave_repl_offset")),
      () => "the replica has everything",
    );
    await next.ask((redis) => redis.replicaof("NO", "ONE"));
    await old.ask(async (redis) => {
      await redis.replicaof("127.0.0.1", 1);
      await redis.client("UNPAUSE");
    });
    stage.redis = next;
    stage.redisProxy.switchTo(next.port);
    const answeringSince = performance.now();
    await load.untilAllLive();
    await old[Symbol.asyncDispose]();
    return { answeringSince };
  },
};
