import { Child } from "../processes/child.js";
import { formatNumber } from "../report/table.js";
import { signToken } from "../token.js";
import { startApplication } from "./application.js";
import type { FanIn, FanInCalls } from "./fan-in-process.js";
import type { Finding, Part, ScaleBench } from "./finding.js";
import { inParallel } from "./in-parallel.js";

export const fanIn: Part = {
  name: "fan-in",
  title:
    "2,000 publishers of one process, each with one event of 300 bytes on its way, and a process that follows",
  measure,
};

const publishers = 2000;
const patienceMs = 5000;

async function measure(bench: ScaleBench): Promise<Finding> {
  const { programs, redis } = bench;
  await redis.clear();
  await using application = await startApplication(bench);
  await using publisher = new Child<FanInCalls>(programs.fanIn);
  await using follower = new Child<FanInCalls>(programs.fanIn);
  await Promise.all([publisher, follower].map((child) => child.call("open", redis.url)));
  const robot = application.client("robot", "service").trpc;
  const jobIds: string[] = [];
  await inParallel(publishers, 16, async () => {
    jobIds.push((await robot.jobs.create.mutate({})).id);
  });
  const sensors = jobIds.map((_, index) => `sensor-${index}`);
  const server = { port: application.port, token: signToken("robot", "service") };
  const loads: readonly (readonly [string, FanIn])[] = [
    ["own topic, by the library", { topics: sensors.slice(0, 1), publishers, events: 20, server: null }],
    ["own topics, by the library", { topics: sensors, publishers, events: 20, server: null }],
    ["job, by calls to a server", { topics: jobIds.slice(0, 1), publishers, events: 5, server }],
    ["jobs, by calls to a server", { topics: jobIds, publishers, events: 5, server }],
  ];
  const rows: string[][] = [];
  let [lost, doubled] = [0, 0];
  for (const [name, load] of loads) {
    const commits = load.publishers * load.events;
    const few = { ...load, events: load.events / 5 };
    await follower.call("follow", few);
    await publisher.call("publish", few);
    const warmUp = await follower.call("followed", patienceMs);
    await follower.call("follow", load);
    const [redisBefore, serverBefore] = [await redis.cpuUs(), application.cpuUs()];
    const published = await publisher.call("publish", load);
    const redisUs = (await redis.cpuUs()) - redisBefore;
    const serverUs = application.cpuUs() - serverBefore;
    const followed = await follower.call("followed", patienceMs);
    lost += warmUp.lost + followed.lost;
    doubled += warmUp.doubled + followed.doubled;
    rows.push([
      name,
      formatNumber(load.topics.length, 0),
      formatNumber(commits / published.seconds, 0),
      `${formatNumber(published.p50Ms, 0)} ms`,
      `${formatNumber(published.p99Ms, 0)} ms`,
      micros(published.cpuUs / commits),
      load.server ? micros(serverUs / commits) : "",
      micros(redisUs / commits),
    ]);
  }
  const headings = [
    "publishers",
    "topics",
    "commits/s",
    "median",
    "p99",
    "CPU for each",
    "of the server",
    "of Redis",
  ];
  return { tables: [[headings, ...rows]], goals: [], lost, doubled };
}

function micros(value: number): string {
  return `${formatNumber(value, 0)} us`;
}
