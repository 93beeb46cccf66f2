import { Stage } from "../stage.js";
import { deliveryMetrics, deliveryValues } from "./delivery-metrics.js";
import type { Scenario } from "./scenario.js";

const streams = 1000;
const tickMs = 20;

export const fanoutPaced: Scenario = {
  name: "fanout-paced",
  title: "one topic, 1,000 streams, an event every 20 ms",
  contenders: ["jobwire", "transport", "trpc", "bare", "better-sse", "orpc", "nchan", "send-loop"],
  metrics: deliveryMetrics,
  reach: [
    { against: "trpc", atMost: 1 / 35 },
    { against: "bare", atMost: 1.15 },
    { against: "nchan", atMost: 1.1 },
    { against: "send-loop", atMost: 1.6 },
  ],
  async measure(bench, contender) {
    const seconds = bench.isQuick ? 1.5 : 5;
    const events = contender.isSlow ? seconds * 6 : (seconds * 1000) / tickMs;
    await using stage = await Stage.open(bench, contender);
    await stage.connect(Array<string>(streams).fill("topic"));
    const paced = { topics: ["topic"], perTick: 1, tickMs };
    await stage.warmUp({ ...paced, eventsPerTopic: Math.ceil(events / 3) });
    return deliveryValues([await stage.deliver({ ...paced, eventsPerTopic: events })]);
  },
};
