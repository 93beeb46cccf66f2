import { Stage } from "../stage.js";
import type { Scenario } from "./scenario.js";

const streams = 1000;
const tickMs = 50;

export const latency: Scenario = {
  name: "latency",
  title:
    "from publish to receipt at 20,000 deliveries a second: one topic, 1,000 streams, 20 events a second",
  contenders: ["jobwire", "transport", "trpc", "bare", "better-sse", "orpc", "nchan"],
  metrics: [
    { key: "p99Ms", label: "p99 ms", digits: 1 },
    { key: "p50Ms", label: "p50 ms", digits: 1 },
    { key: "maxMs", label: "max ms", digits: 1 },
    { key: "perSecond", label: "deliveries/s", digits: 0 },
  ],
  reach: [],
  async measure(bench, contender) {
    const seconds = bench.isQuick ? 2 : 6;
    const paced = { topics: ["topic"], perTick: 1, tickMs };
    await using stage = await Stage.open(bench, contender);
    await stage.connect(Array<string>(streams).fill("topic"));
    await stage.warmUp({ ...paced, eventsPerTopic: contender.isSlow ? 2 : 20 });
    const delivered = await stage.deliver({
      ...paced,
      eventsPerTopic: contender.isSlow ? seconds * 3 : (seconds * 1000) / tickMs,
      recordsLatency: true,
    });
    const { latencies, events, elapsedUs, lost, doubled } = delivered;
    return {
      values: {
        p99Ms: latencies && latencies.p99Us / 1000,
        p50Ms: latencies && latencies.p50Us / 1000,
        maxMs: latencies && latencies.maxUs / 1000,
        perSecond: (events / elapsedUs) * 1_000_000,
      },
      lost,
      doubled,
    };
  },
};
