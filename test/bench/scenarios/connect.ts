import { Stage } from "../stage.js";
import type { Scenario } from "./scenario.js";

const warmUpStreams = 3000;

export const connect: Scenario = {
  name: "connect",
  title: "streams opened 50 at a time, each with a token of its own that all verify in the same way",
  contenders: ["jobwire", "transport", "trpc", "bare"],
  metrics: [
    { key: "cpuUs", label: "CPU us/connect", digits: 0 },
    { key: "perSecond", label: "connects/s", digits: 0 },
  ],
  reach: [{ against: "trpc", atMost: 1 / 4 }],
  async measure(bench, contender) {
    const streams = bench.isQuick ? 1500 : 4000;
    const topics = Array<string>(streams).fill("topic");
    await using stage = await Stage.open(bench, contender, { verifiesTokens: true });
    await stage.connect(Array<string>(warmUpStreams).fill("topic"), { concurrency: 50 });
    const { cpuUs, startedAtUs, endedAtUs } = await stage.cpuOf(() =>
      stage.connect(topics, { concurrency: 50 }),
    );
    return {
      values: {
        cpuUs: cpuUs / streams,
        perSecond: (streams / (endedAtUs - startedAtUs)) * 1_000_000,
      },
      lost: 0,
      doubled: 0,
    };
  },
};
