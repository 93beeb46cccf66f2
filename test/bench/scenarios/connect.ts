import type { Bench } from "../bench.js";
import type { Contender } from "../contenders/contender.js";
import { Stage } from "../stage.js";
import type { Measurement, Metric, Scenario } from "./scenario.js";

const coldStreams = 1000;
/** From when on the code that opens a stream is compiled. */
const warmUpStreams = 3000;

const metrics: readonly [Metric, Metric] = [
  { key: "cpuUs", label: "CPU us/connect", digits: 0 },
  { key: "coldUs", label: `the first ${coldStreams}`, digits: 0 },
];

export const connect: Scenario = {
  name: "connect",
  title: "streams opened 50 at a time, each with a token of its own that all verify in the same way",
  contenders: ["jobwire", "transport", "trpc", "bare"],
  metrics: [...metrics, { key: "perSecond", label: "connects/s", digits: 0 }],
  reach: [
    { against: "trpc", atMost: 1 / 4 },
    { against: "trpc", atMost: 1 / 3, metric: "coldUs" },
  ],
  measure: (bench, contender) => measureConnects(bench, contender, { verifiesTokens: true }),
};

export const connectLayers: Scenario = {
  name: "connect-layers",
  title: "streams opened in the same way, through one layer of the application more in each line",
  contenders: [
    "bare",
    "layer-handler",
    "layer-token",
    "transport",
    "layer-headers",
    "layer-limits",
    "jobwire",
  ],
  metrics,
  reach: [],
  isLayered: true,
  measure: (bench, contender) => measureConnects(bench, contender, { verifiesTokens: false }),
};

async function measureConnects(
  bench: Bench,
  contender: Contender,
  { verifiesTokens }: { readonly verifiesTokens: boolean },
): Promise<Measurement> {
  const streams = bench.isQuick ? 1500 : 4000;
  await using stage = await Stage.open(bench, contender, { verifiesTokens });
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
}
