import { Stage, type Delivered } from "../stage.js";
import { deliveryMetrics, deliveryValues } from "./delivery-metrics.js";
import type { Scenario } from "./scenario.js";

const streams = 1000;
const burst = 200;

export const fanoutBurst: Scenario = {
  name: "fanout-burst",
  title: "one topic, 1,000 streams, 200 events published at once",
  contenders: ["jobwire", "transport", "trpc", "bare", "better-sse", "orpc", "nchan"],
  metrics: deliveryMetrics,
  reach: [
    { against: "trpc", atMost: 1 / 200 },
    { against: "bare", atMost: 0.8 },
  ],
  async measure(bench, contender) {
    const events = contender.isSlow && bench.isQuick ? 8 : burst;
    await using stage = await Stage.open(bench, contender);
    await stage.connect(Array<string>(streams).fill("topic"));
    const atOnce = { topics: ["topic"], perTick: burst, tickMs: 0 };
    const warmUps = contender.isSlow ? [2] : [20, 100];
    for (const eventsPerTopic of warmUps) await stage.warmUp({ ...atOnce, eventsPerTopic });
    const bursts: Delivered[] = [];
    for (let left = contender.isSlow ? 1 : bench.isQuick ? 2 : 5; left > 0; left--) {
      bursts.push(await stage.deliver({ ...atOnce, eventsPerTopic: events }));
    }
    return deliveryValues(bursts);
  },
};
