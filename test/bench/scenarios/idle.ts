import { setTimeout as delay } from "node:timers/promises";
import { Stage } from "../stage.js";
import type { Scenario } from "./scenario.js";

export const idle: Scenario = {
  name: "idle",
  title: "streams without events: memory of one more after garbage collection, and what its heartbeats cost",
  contenders: ["jobwire", "transport", "trpc", "bare", "better-sse", "orpc", "nchan"],
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
    const firstStreams = bench.isQuick ? 500 : 1000;
    const streams = bench.isQuick ? 1000 : 5000;
    const heartbeatMs = bench.isQuick ? 1000 : 2000;
    const beats = bench.isQuick ? 2 : 3;
    await using stage = await Stage.open(bench, contender, { heartbeatMs });
    // The first ones make the heap grow to its working size: what is measured is what one more costs.
    await stage.connect(Array<string>(firstStreams).fill("topic"));
    await delay(heartbeatMs);
    const before = await stage.memory();
    await stage.connect(Array<string>(streams).fill("topic"));
    await delay(heartbeatMs * 1.5);
    const { cpuUs } = await stage.cpuOf(() => delay(heartbeatMs * beats));
    const after = await stage.memory();
    const kb = (bytes: number) => bytes / streams / 1024;
    const { heapBytes } = before;
    return {
      values: {
        rssKb: kb(after.rssBytes - before.rssBytes),
        heapKb: heapBytes === null ? null : kb((after.heapBytes ?? 0) - heapBytes),
        heartbeatUs: cpuUs / ((firstStreams + streams) * beats),
      },
      lost: 0,
      doubled: 0,
    };
  },
};
