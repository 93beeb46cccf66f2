import type { Fault } from "../fault.js";
import { bigEvents } from "./big-events.js";
import { clientCuts } from "./client-cuts.js";
import { clockSkew } from "./clock-skew.js";
import { clusterFlush } from "./cluster-flush.js";
import { clusterKill } from "./cluster-kill.js";
import { clusterMove } from "./cluster-move.js";
import { demote } from "./demote.js";
import { evict } from "./evict.js";
import { flushAll } from "./flush-all.js";
import { fullMemory } from "./full-memory.js";
import { lostAnswers } from "./lost-answers.js";
import { pubsubKill } from "./pubsub-kill.js";
import { redisCuts } from "./redis-cuts.js";
import { redisFreeze } from "./redis-freeze.js";
import { redisKill } from "./redis-kill.js";
import { redisMute } from "./redis-mute.js";
import { serverKill } from "./server-kill.js";
import { redisVanish } from "./redis-vanish.js";
import { sentinelFailover } from "./sentinel-failover.js";
import { setBack } from "./set-back.js";

export const faults: readonly Fault[] = [
  redisKill,
  redisFreeze,
  pubsubKill,
  redisCuts,
  redisMute,
  redisVanish,
  serverKill,
  clientCuts,
  lostAnswers,
  fullMemory,
  setBack,
  flushAll,
  evict,
  bigEvents,
  demote,
  clockSkew,
  sentinelFailover,
  clusterMove,
  clusterKill,
  clusterFlush,
];
