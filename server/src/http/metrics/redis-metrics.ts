import { Counter, Gauge, type Registry } from "prom-client";

/**
 * Whether Redis is there. Only for servers that use it.
 * @returns what is to be told of each change.
 */
export function addRedisMetrics(registry: Registry): (isReachable: boolean) => void {
  const registers = [registry];
  const connected = new Gauge({
    name: "redis_connected",
    aggregator: "min",
    help: "1 while both connections to Redis stand, else 0",
    registers,
  });
  const reconnects = new Counter({
    name: "redis_reconnects_total",
    help: "How often Redis came back after it was away",
    registers,
  });
  let wasAway = false;
  return (isReachable) => {
    connected.set(isReachable ? 1 : 0);
    if (isReachable && wasAway) reconnects.inc();
    wasAway = !isReachable;
  };
}
