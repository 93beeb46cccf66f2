import { Gauge, type Registry } from "prom-client";
import type { StoreClock } from "../../store/store-clock.js";

/** Deadlines go by the store's clock; tokens by that of the process. */
export function addClockMetric(registry: Registry, clock: StoreClock): void {
  registry.registerMetric(
    new Gauge({
      name: "store_clock_skew_seconds",
      aggregator: "max",
      help: "How far the clock of this process is ahead of that of the store",
      registers: [],
      collect() {
        this.set(clock.skewMs / 1000);
      },
    }),
  );
}
