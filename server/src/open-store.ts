import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { Config } from "./config.js";
import { addRedisMetrics } from "./http/metrics/redis-metrics.js";
import { openFileStore } from "./store/file-store.js";
import { openMemoryStore } from "./store/memory-store.js";
import { openRedisStore } from "./store/redis-store.js";
import type { Store } from "./store/store.js";

export interface OpenStoreOptions {
  readonly config: Pick<
    Config,
    "dataFolder" | "historyMaxBytes" | "historyMaxEvents" | "historyTtlMs" | "redisPrefix" | "redisUrl"
  >;
  readonly log: Logger;
  readonly registry: Registry;
}

/** The store of `REDIS_URL`, whose changes of state are logged and measured; else that of `JOBWIRE_DATA`, or memory. */
export async function openStore({ config, log, registry }: OpenStoreOptions): Promise<Store> {
  const retention = {
    maxEvents: config.historyMaxEvents,
    maxBytes: config.historyMaxBytes,
    emptyTopicMs: config.historyTtlMs,
  };
  if (config.redisUrl === undefined)
    return config.dataFolder === undefined
      ? openMemoryStore(retention)
      : openFileStore({
          ...retention,
          folder: config.dataFolder,
          onReachable: (reachable, error) => {
            if (reachable) log.info("the data folder takes writes again");
            else
              log.error({ err: error }, "the data folder takes no writes; streams wait, calls are refused");
          },
        });
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
