import { Stage } from "../stage.js";
import { deliveryMetrics, deliveryValues } from "./delivery-metrics.js";
import type { Scenario } from "./scenario.js";

const topicCount = 1000;
const perTick = 20;
const tickMs = 10;

export const manyTopics: Scenario = {
  name: "many-topics",
  title: "1,000 topics, one stream each, 2,000 events a second spread over them",
  contenders: ["jobwire", "transport", "trpc", "bare", "better-sse", "orpc", "nchan"],
  metrics: deliveryMetrics,
  reach: [
    { against: "trpc", atMost: 1 / 6 },
    { against: "bare", atMost: 1.1 },
  ],
  async measure(bench, contender) {
    const topics = Array.from({ length: topicCount }, (_, index) => `topic-${index}`);
    const spread = { topics, perTick, tickMs };
    await using stage = await Stage.open(bench, contender);
    await stage.connect(topics);
    await stage.warmUp({ ...spread, perTick: 40, eventsPerTopic: contender.isSlow ? 4 : 10 });
    return deliveryValues([await stage.deliver({ ...spread, eventsPerTopic: bench.isQuick ? 2 : 12 })]);
  },
};
