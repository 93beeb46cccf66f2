import { Stage } from "../stage.js";
import type { Scenario } from "./scenario.js";

const coldStreams = 1000;
/** From when on the code that opens a stream is compiled. */
const warmUpStreams = 3000;

export const connect: Scenario = {
  name: "connect",
  title: "streams opened 50 at a time, each with a token of its own that all verify in the same way",
  contenders: ["jobwire", "transport", "trpc", "bare"],
  metrics: [
    { key: "cpuUs", label: "CPU us/connect", digits: 0 },
    { key: "coldUs", label: `the first ${coldStreams}`, digits: 0 },
    { key: "perSecond", label: "connects/s", digits: 0 },
  ],
  reach: [
    { against: "trpc", atMost: 1 / 4 },
    { against: "trpc", atMost: 1 / 3, metric: "coldUs" },
  ],
  async measure(bench, contender) {
    const streams = bench.isQuick ? 1500 : 4000;
    await using stage = await Stage.open(bench, contender, { verifiesTokens: true });
    const open = (count: number) => stage.connect(Array<string>(count).fill("topic"), { concurrency: 50 });
    const cold = await stage.cpuOf(() => open(coldStreams));
    await open(warmUpStreams - coldStreams);
    const { cpuUs, startedAtUs, endedAtUs } = await stage.cpuOf(() => open(streams));
    return {
      values: {
        cpuUs: cpuUs / streams,
        coldUs: cold.cpuUs / coldStreams,
        perSecond: (streams / (endedAtUs - startedAtUs)) * 1_000_000,
      },
      lost: 0,
      doubled: 0,
    };
  },
};
