import { application } from "../contenders/application.js";
import { formatNumber } from "../report/table.js";
import { Stage } from "../stage.js";
import type { Finding, Part, ScaleBench } from "./finding.js";
import { paceOf } from "./pace-of.js";

export const streams: Part = {
  name: "streams",
  title:
    "1,000, 5,000 and 15,000 streams of one topic on one process, 30,000 deliveries a second in all cases",
  measure,
};

const sizes = [1000, 5000, 15_000] as const;
const rounds = 2;
/** Streams of another topic that are there before: what is measured is what one more costs. */
const earlier = { streams: 500, topic: "topic-0", events: 40 };

interface Cost {
  readonly cpuUs: number;
  /** Of a stream, by what the process takes and by its JavaScript heap with what that holds outside. */
  readonly rssKb: number;
  readonly heapKb: number;
  readonly perSecond: number;
}

async function measure(bench: ScaleBench): Promise<Finding> {
  const costs = sizes.map((size) => ({ size, runs: [] as Cost[] }));
  let [lost, doubled] = [0, 0];
  for (let round = 0; round < rounds; round++)
    for (const { size, runs } of costs) {
      const run = await measureOne(bench, size);
      runs.push(run);
      lost += run.lost;
      doubled += run.doubled;
    }
  // What else the machine does adds to a cost and never takes from it.
  const rows = costs.map(({ size, runs }) => ({
    size,
    cpuUs: Math.min(...runs.map(({ cpuUs }) => cpuUs)),
    rssKb: Math.min(...runs.map(({ rssKb }) => rssKb)),
    heapKb: Math.min(...runs.map(({ heapKb }) => heapKb)),
    perSecond: Math.max(...runs.map(({ perSecond }) => perSecond)),
  }));
  const [least, middle, most] = rows;
  const ratio = (key: "cpuUs" | "rssKb" | "heapKb", to = least) => (most?.[key] ?? NaN) / (to?.[key] ?? NaN);
  return {
    tables: [
      [
        ["streams", "CPU us/delivery", "KB/stream (RSS)", "KB/stream (heap)", "deliveries/s"],
        ...rows.map(({ size, cpuUs, rssKb, heapKb, perSecond }) => [
          formatNumber(size, 0),
          formatNumber(cpuUs, 2),
          formatNumber(rssKb, 1),
          formatNumber(heapKb, 1),
          formatNumber(perSecond, 0),
        ]),
      ],
    ],
    goals: [
      { what: "CPU per delivery, 15,000 streams to 1,000", value: ratio("cpuUs"), atMost: 1.15 },
      { what: "heap of a stream, 15,000 streams to 1,000", value: ratio("heapKb"), atMost: 1.15 },
      // 1,000 find a part of their room in what the process has taken already.
      { what: "RSS of a stream, 15,000 streams to 5,000", value: ratio("rssKb", middle), atMost: 1.15 },
    ],
    lost,
    doubled,
  };
}

async function measureOne(bench: ScaleBench, size: number) {
  if (bench.profiles) bench.profiles.name = `${size}-streams`;
  await using stage = await Stage.open(bench, application);
  await stage.connect(Array<string>(earlier.streams).fill(earlier.topic));
  await stage.warmUp({ topics: [earlier.topic], eventsPerTopic: earlier.events, perTick: 1, tickMs: 20 });
  const before = await stage.memory();
  await stage.connect(Array<string>(size).fill("topic"), { firstSeq: earlier.events + 1 });
  await stage.warmUp(paceOf("topic", size, 2));
  const after = await stage.memory();
  const { cpuUs, events, elapsedUs, lost, doubled } = await stage.deliver(paceOf("topic", size, 4));
  return {
    cpuUs: cpuUs / events,
    rssKb: (after.rssBytes - before.rssBytes) / size / 1024,
    heapKb: ((after.heapBytes ?? NaN) - (before.heapBytes ?? NaN)) / size / 1024,
    perSecond: (events / elapsedUs) * 1_000_000,
    lost,
    doubled,
  };
}
