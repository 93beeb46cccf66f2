import { application as contender } from "../contenders/application.js";
import { publishPaced } from "../publish-paced.js";
import { formatNumber } from "../report/table.js";
import { signToken } from "../token.js";
import { startApplication } from "./application.js";
import type { Finding, Part, ScaleBench } from "./finding.js";
import { paceOf } from "./pace-of.js";

export const processes: Part = {
  name: "processes",
  title: "the same 15,000 streams and events on one process and on two (JOBWIRE_PROCESSES=2)",
  measure,
};

const streams = 15_000;
const warmUpSeconds = 2;
const measuredSeconds = 5;
const patienceMs = 5000;

const rounds = 2;

async function measure(bench: ScaleBench): Promise<Finding> {
  const sums = [1, 2].map((count) => ({ count, events: 0, totalUs: 0, busierUs: 0 }));
  let [lost, doubled] = [0, 0];
  for (let round = 0; round < rounds; round++)
    for (const sum of sums) {
      const run = await measureOne(bench, sum.count);
      sum.events += run.events;
      sum.totalUs += run.members.reduce((total, cpuUs) => total + cpuUs, 0);
      sum.busierUs += Math.max(...run.members);
      lost += run.lost;
      doubled += run.doubled;
    }
  const [one, two] = sums.map(({ events, busierUs }) => (events / busierUs) * 1_000_000);
  return {
    tables: [
      [
        [
          "processes",
          "CPU us/delivery, all",
          "share of the busier",
          "deliveries in a CPU second of the busier",
        ],
        ...sums.map(({ count, events, totalUs, busierUs }) => [
          String(count),
          formatNumber(totalUs / events, 2),
          `${formatNumber((busierUs / totalUs) * 100, 0)} %`,
          formatNumber((events / busierUs) * 1_000_000, 0),
        ]),
      ],
    ],
    goals: [
      {
        what: "deliveries in a CPU second of the busier process, two to one",
        value: (two ?? NaN) / (one ?? NaN),
        atLeast: 1.7,
      },
    ],
    lost,
    doubled,
  };
}

interface Measured {
  readonly events: number;
  /** Microseconds of each process. */
  readonly members: readonly number[];
  readonly lost: number;
  readonly doubled: number;
}

async function measureOne(bench: ScaleBench, count: number): Promise<Measured> {
  const { load, redis } = bench;
  await redis.clear();
  await using application = await startApplication(bench, count);
  const { port, cpuUsOfEach } = application;
  const { id: jobId } = await application.client("robot", "service").trpc.jobs.create.mutate({});
  const options = { heartbeatMs: 15_000, verifiesTokens: true, retains: true };
  await using publisher = await contender.openPublisher({ ...options, redisUrl: redis.url, port });
  const all = Array.from({ length: streams }, (_, index) => ({
    path: contender.pathOf(jobId),
    token: signToken(`user-${index}`, contender.role),
  }));
  await load.call("connect", { port, streams: all, concurrency: 100, firstSeq: 1, numbersIds: false });
  let published = 0;
  const deliver = async (seconds: number) => {
    const pace = paceOf(jobId, streams, seconds);
    const first = published + 1;
    published += pace.eventsPerTopic;
    const receiving = load.call("receive", { lastSeq: published, patienceMs, recordsLatency: false });
    await publishPaced(pace, first, (events) =>
      Promise.all(events.map(({ topic, event }) => publisher.publish(topic, event))),
    );
    return receiving;
  };
  await deliver(warmUpSeconds);
  const before = cpuUsOfEach();
  const { events, lost, doubled } = await deliver(measuredSeconds);
  const members = cpuUsOfEach().map((after, index) => after - (before[index] ?? 0));
  await load.call("close", undefined);
  return { events, members, lost, doubled };
}
