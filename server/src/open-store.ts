import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { Config } from "./config.js";
import { addRedisMetrics } from "./http/redis-metrics.js";
import { openMemoryStore } from "./store/memory-store.js";
import { openRedisStore } from "./store/redis-store.js";
import type { Store } from "./store/store.js";

export interface OpenStoreOptions {
  readonly config: Pick<
    Config,
    "historyMaxBytes" | "historyMaxEvents" | "historyTtlMs" | "redisPrefix" | "redisUrl"
  >;
  readonly log: Logger;
  readonly registry: Registry;
}

/** The store of `REDIS_URL`, whose changes of state are logged and measured; without it the one in memory. */
export async function openStore({ config, log, registry }: OpenStoreOptions): Promise<Store> {
  const retention = {
    maxEvents: config.historyMaxEvents,
    maxBytes: config.historyMaxBytes,
    emptyTopicMs: config.historyTtlMs,
  };
  if (config.redisUrl === undefined) return openMemoryStore(retention);
  const observe = addRedisMetrics(registry);
  return openRedisStore({
    ...retention,
    url: config.redisUrl,
    prefix: config.redisPrefix,
    onWarning: (warning) => log.warn(warning),
    onReachable: (reachable, error) => {
      observe(reachable);
      if (reachable) log.info("Redis is reachable");
      else log.error({ err: error }, "Redis is not reachable; streams wait, calls are refused");
    },
  });
}
