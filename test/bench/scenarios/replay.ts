import type { Bench } from "../bench.js";
import { Child } from "../processes/child.js";
import type { LoadCalls } from "../processes/load-process.js";
import { Stage } from "../stage.js";
import type { Scenario } from "./scenario.js";

const liveStreams = 1000;
const tickMs = 50;
const readerCount = 100;
const behind = 1000;
const lastMissed = behind + 1;
const otherTopics = Array.from({ length: readerCount }, (_, index) => `topic-${index}`);
const missed = { topics: ["topic", ...otherTopics], eventsPerTopic: lastMissed, perTick: 101, tickMs: 2 };

/** What the readers replay beside the live streams of `topic`. */
const replays = {
  alone: [],
  same: Array<string>(readerCount).fill("topic"),
  other: Array<string>(readerCount).fill("topic-0"),
  others: otherTopics,
} as const satisfies Record<string, readonly string[]>;

export const replay: Scenario = {
  name: "replay",
  title:
    "live streams as in latency, while 100 readers come back 1,000 events behind, all at once, again and again",
  contenders: ["jobwire", "transport"],
  metrics: [
    { key: "addedMs", label: "added p99 ms", digits: 1 },
    { key: "aloneMs", label: "alone p99 ms", digits: 1 },
    { key: "sameMs", label: "same topic", digits: 1 },
    { key: "otherMs", label: "one other", digits: 1 },
    { key: "othersMs", label: "100 others", digits: 1 },
    { key: "aloneLoopMs", label: "loop p99 ms alone", digits: 1 },
    { key: "loopMs", label: "at most", digits: 1 },
    { key: "replayedPerSecond", label: "replayed/s", digits: 0 },
  ],
  reach: [],
  needsRedis: true,
  async measure(bench, contender) {
    await using stage = await Stage.open(bench, contender);
    await stage.connect(Array<string>(liveStreams).fill("topic"));
    const firstIds = await stage.publishAndLearnIds(missed);
    await stage.receive(lastMissed);
    await using readers = await Readers.open(bench, stage, firstIds);
    const alone = await measureBeside(bench, stage, readers, replays.alone);
    const same = await measureBeside(bench, stage, readers, replays.same);
    const other = await measureBeside(bench, stage, readers, replays.other);
    const others = await measureBeside(bench, stage, readers, replays.others);
    const all = [same, other, others];
    return {
      values: {
        addedMs: Math.max(...all.map(({ p99Ms }) => p99Ms)) - alone.p99Ms,
        aloneMs: alone.p99Ms,
        sameMs: same.p99Ms,
        otherMs: other.p99Ms,
        othersMs: others.p99Ms,
        aloneLoopMs: alone.loopMs,
        loopMs: Math.max(...all.map(({ loopMs }) => loopMs)),
        replayedPerSecond: others.replayedPerSecond,
      },
      // Counted since the live streams were opened.
      lost: others.lost + readers.lost,
      doubled: others.doubled + readers.doubled,
    };
  },
};

/** The live streams, while readers replay these topics. */
async function measureBeside(bench: Bench, stage: Stage, readers: Readers, topics: readonly string[]) {
  // Code gets compiled and buffers grow.
  await readers.replay(topics);
  const seconds = bench.isQuick ? 4 : 12;
  const paced = { topics: ["topic"], perTick: 1, tickMs, eventsPerTopic: (seconds * 1000) / tickMs };
  const replaying = readers.replayAgainAndAgain(topics);
  const { value, p99Ms: loopMs } = await stage.loopDelayOf(() =>
    stage.deliver({ ...paced, recordsLatency: true }),
  );
  const { latencies, lost, doubled, elapsedUs } = value;
  const replayed = await replaying.stop();
  return {
    p99Ms: (latencies?.p99Us ?? 0) / 1000,
    loopMs,
    replayedPerSecond: (replayed / elapsedUs) * 1_000_000,
    lost,
    doubled,
  };
}

/**
 * Readers who come back to a log, read what they have missed and leave. Their process has the lowest priority: on a
 * machine with few cores it would else take time from the live streams, which is not the server's doing.
 */
class Readers implements AsyncDisposable {
  lost = 0;
  doubled = 0;

  private constructor(
    private readonly load: Child<LoadCalls>,
    private readonly stage: Stage,
    private readonly firstIds: ReadonlyMap<string, string>,
  ) {}

  static async open(bench: Bench, stage: Stage, firstIds: ReadonlyMap<string, string>): Promise<Readers> {
    const load = new Child<LoadCalls>(bench.programs.load);
    await load.call("yieldToOthers", undefined);
    return new Readers(load, stage, firstIds);
  }

  /** Once, a reader for each of these topics, all at once. @returns how many events they have received */
  async replay(topics: readonly string[]): Promise<number> {
    if (topics.length === 0) return 0;
    const lastEventIdOf = (topic: string) => this.firstIds.get(topic);
    await this.load.call("connect", this.stage.fleetOf(topics, { firstSeq: 2, lastEventIdOf }));
    const expected = { lastSeq: lastMissed, patienceMs: 5000, recordsLatency: false };
    const { events, lost, doubled } = await this.load.call("receive", expected);
    await this.load.call("close", undefined);
    this.lost += lost;
    this.doubled += doubled;
    return events;
  }

  /** Until it is told to stop. */
  replayAgainAndAgain(topics: readonly string[]) {
    let isOver = topics.length === 0;
    const goOn = async () => {
      let events = 0;
      while (!isOver) events += await this.replay(topics);
      return events;
    };
    const replaying = goOn();
    return {
      /** @returns how many events the readers have received in all */
      stop: () => {
        isOver = true;
        return replaying;
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.load[Symbol.asyncDispose]();
  }
}
