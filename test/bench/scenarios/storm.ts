import { nowUs } from "../event.js";
import type { Bench } from "../bench.js";
import type { Contender } from "../contenders/contender.js";
import { Stage } from "../stage.js";
import type { Scenario } from "./scenario.js";

const warmUpStreams = 300;
const behind = 50;
const concurrency = 250;
const missed = { topics: ["storm"], eventsPerTopic: behind + 1, perTick: behind + 1, tickMs: 0 };

export const storm: Scenario = {
  name: "storm",
  title: "streams come back at once to a server that has just started, each 50 events behind",
  contenders: ["jobwire", "transport", "trpc", "orpc", "nchan"],
  metrics: [
    { key: "caughtUpMs", label: "all caught up ms", digits: 0 },
    { key: "plainMs", label: "plain connect ms", digits: 0 },
    { key: "overPlain", label: "caught up/plain", digits: 2 },
    { key: "cpuUs", label: "CPU us/delivery", digits: 2 },
    { key: "redisCommands", label: "Redis commands", digits: 0 },
  ],
  reach: [],
  needsRedis: true,
  async measure(bench, contender) {
    const streams = bench.isQuick ? 500 : 5000;
    const isInRedis = contender.keepsLogIn === "redis";
    const idsElsewhere = isInRedis ? await publishElsewhere(bench, contender) : null;
    await using stage = await Stage.open(bench, contender, { retains: true, keepsRedis: isInRedis });
    const firstIds = idsElsewhere ?? (await stage.publishAndLearnIds(missed));
    const lastEventIdOf = (topic: string) => firstIds.get(topic);
    await stage.connect(Array<string>(warmUpStreams).fill("warm-up"), { concurrency });
    await stage.disconnect();
    const plainAtUs = await stage.connect(Array<string>(streams).fill("plain"), { concurrency });
    const plainMs = (nowUs() - plainAtUs) / 1000;
    await stage.disconnect();
    const commandsBefore = await countCommands(bench);
    const { value, cpuUs } = await stage.cpuOf(async () => {
      const topics = Array<string>(streams).fill("storm");
      const startedAtUs = await stage.connect(topics, { concurrency, firstSeq: 2, lastEventIdOf });
      return { startedAtUs, received: await stage.receive(behind + 1) };
    });
    const { startedAtUs, received } = value;
    const caughtUpMs = (received.lastAtUs - startedAtUs) / 1000;
    return {
      values: {
        caughtUpMs,
        plainMs,
        overPlain: caughtUpMs / plainMs,
        cpuUs: cpuUs / received.events,
        redisCommands: isInRedis ? (await countCommands(bench)) - commandsBefore : null,
      },
      lost: received.lost,
      doubled: received.doubled,
    };
  },
};

/** By another server, which is gone when the storm begins: the log is in Redis and in nobody's memory. */
async function publishElsewhere(bench: Bench, contender: Contender): Promise<ReadonlyMap<string, string>> {
  await using stage = await Stage.open(bench, contender, { retains: true });
  return await stage.publishAndLearnIds(missed);
}

async function countCommands({ redis }: Bench): Promise<number> {
  const counts = await redis?.commandCounts();
  return [...(counts?.values() ?? [])].reduce((sum, count) => sum + count, 0);
}
