import { setTimeout as delay } from "node:timers/promises";
import { Stage } from "../stage.js";
import type { Scenario } from "./scenario.js";

const warmUpStreams = 100;

export const idle: Scenario = {
  name: "idle",
  title: "5,000 streams without events: memory after garbage collection, and what heartbeats cost",
  contenders: ["jobwire", "trpc", "bare", "better-sse", "orpc", "nchan"],
  metrics: [
    { key: "rssKb", label: "KB/stream (RSS)", digits: 1 },
    { key: "heapKb", label: "KB/stream (heap)", digits: 1 },
    { key: "heartbeatUs", label: "CPU us/heartbeat", digits: 1 },
  ],
  reach: [
    { against: "trpc", atMost: 1 / 7 },
    { against: "bare", atMost: 1.4 },
  ],
  async measure(bench, contender) {
    const streams = bench.isQuick ? 2000 : 5000;
    const heartbeatMs = bench.isQuick ? 1000 : 2000;
    const beats = 3;
    await using stage = await Stage.open(bench, contender, { heartbeatMs });
    await stage.connect(Array<string>(warmUpStreams).fill("topic"));
    await stage.disconnect();
    const before = await stage.memory();
    await stage.connect(Array<string>(streams).fill("topic"));
    await delay(heartbeatMs * 1.5);
    const { cpuUs } = await stage.cpuOf(() => delay(heartbeatMs * beats));
    const after = await stage.memory();
    const kb = (bytes: number) => bytes / streams / 1024;
    return {
      values: {
        rssKb: kb(after.rssBytes - before.rssBytes),
        heapKb:
          after.heapBytes === null || before.heapBytes === null
            ? null
            : kb(after.heapBytes - before.heapBytes),
        heartbeatUs: cpuUs / (streams * beats),
      },
      lost: 0,
      doubled: 0,
    };
  },
};
