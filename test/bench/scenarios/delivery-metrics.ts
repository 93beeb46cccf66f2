import type { Delivered } from "../stage.js";
import type { Measurement, Metric } from "./scenario.js";

export const deliveryMetrics: readonly [Metric, ...Metric[]] = [
  { key: "cpuUs", label: "CPU us/delivery", digits: 2 },
  { key: "perSecond", label: "deliveries/s", digits: 0 },
  { key: "eventsPerRead", label: "events/read", digits: 1 },
];

/** Of one or more deliveries that followed each other. */
export function deliveryValues(deliveries: readonly Delivered[]): Measurement {
  const sum = (key: "events" | "reads" | "cpuUs" | "elapsedUs") =>
    deliveries.reduce((total, delivered) => total + delivered[key], 0);
  const newest = deliveries.at(-1);
  return {
    values: {
      cpuUs: sum("cpuUs") / sum("events"),
      perSecond: (sum("events") / sum("elapsedUs")) * 1_000_000,
      eventsPerRead: sum("events") / sum("reads"),
    },
    // Counted since the streams were opened.
    lost: newest?.lost ?? 0,
    doubled: newest?.doubled ?? 0,
  };
}
