import type { Delivered } from "../stage.js";
import type { Measurement, Metric } from "./scenario.js";

export const deliveryMetrics: readonly [Metric, ...Metric[]] = [
  { key: "cpuUs", label: "CPU us/delivery", digits: 2 },
  { key: "perSecond", label: "deliveries/s", digits: 0 },
  { key: "eventsPerRead", label: "events/read", digits: 1 },
];

export function deliveryValues(delivered: Delivered): Measurement {
  const { events, reads, cpuUs, elapsedUs, lost, doubled } = delivered;
  return {
    values: {
      cpuUs: cpuUs / events,
      perSecond: (events / elapsedUs) * 1_000_000,
      eventsPerRead: events / reads,
    },
    lost,
    doubled,
  };
}
