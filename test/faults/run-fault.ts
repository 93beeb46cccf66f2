import type { Fault } from "./fault.js";
import { takeAccount, type Account } from "./support/account.js";
import { Load, type LoadSize } from "./support/load.js";
import { readLog } from "./support/log-reading.js";
import { feedTopic, nameOfJob } from "../support/job-places.js";
import { Random } from "./support/random.js";
import { Stage } from "./support/stage.js";
import { until } from "./support/until.js";

export interface RunOptions {
  readonly seed: number;
  readonly size: LoadSize;
  readonly isShort: boolean;
}

export interface RunResult extends Account {
  readonly fault: string;
  readonly seed: number;
  /** From Redis answering to all streams live again. */
  readonly recoveryMs: number;
  readonly retried: number;
  /** What the servers wrote to stderr, logged as defects or died of, unhandled rejections included. */
  readonly defects: number;
  /** How much more memory a server uses than before its first fault; the worse of the two. */
  readonly grownBytes: number;
}

/** A server that has met faults may use so much more memory than before: caches fill and code is compiled. */
const maxGrownBytes = 8 * 1024 * 1024;

const commitsAfterwards = 20;

/** The stage of one run after another; a new one when the next fault needs another kind or the last run failed. */
export class Stages implements AsyncDisposable {
  #stage: Stage | undefined;

  async run(fault: Fault, options: RunOptions): Promise<RunResult> {
    const topology = fault.topology ?? "single";
    if (this.#stage?.topology !== topology) await this[Symbol.asyncDispose]();
    this.#stage ??= await Stage.start(topology);
    let isReusable = false;
    try {
      const result = await runFault(this.#stage, fault, options);
      isReusable = result.problems.length === 0 && topology !== "sentinels";
      return result;
    } finally {
      if (!isReusable) await this[Symbol.asyncDispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const old = this.#stage;
    this.#stage = undefined;
    await old?.[Symbol.asyncDispose]();
  }
}

/** Strikes once under load, waits until everything is live again, ends the jobs and takes the account. */
async function runFault(stage: Stage, fault: Fault, { seed, size, isShort }: RunOptions): Promise<RunResult> {
  const random = new Random(seed);
  const servers = stage.sides.map(({ server }) => server);
  await using load = await Load.start(stage, random.fork(), size);
  for (const server of servers) await stage.memory.learn(server);
  const struck = (await fault.strike({ stage, load, random: random.fork(), isShort })) ?? {};
  const { taken = new Set<string>(), evicted = new Map<string, ReadonlyMap<number, string>>() } = struck;
  const { answeringSince = performance.now() } = struck;
  const problems: string[] = [];
  // What goes wrong from here on is part of the account, not the end of it.
  const attempt = (step: Promise<void>) =>
    step.catch(
      (error: unknown) => void problems.push(error instanceof Error ? error.message : String(error)),
    );
  await attempt(load.untilAllLive());
  const recoveryMs = performance.now() - answeringSince;
  await attempt(load.untilCommits(commitsAfterwards));
  await attempt(load.finish());
  await attempt(untilFeedsAtHead(stage, load));
  const grownBytes = await stage.memory.grownBytes(stage.sides.map(({ server }) => server));
  if (grownBytes > maxGrownBytes)
    problems.push(`a server uses ${grownBytes} bytes more than before its first fault`);
  const account = await stage.ask((redis) =>
    takeAccount({
      redis,
      ownerId: load.ownerId,
      jobIds: load.jobIds,
      ledger: load.ledger,
      watchers: load.watchers.filter(({ kind, topic }) => kind === "feed" || isCurrent(load, topic.topic)),
      taken,
      evicted,
      cancelled: load.cancelled,
      gapsOf: fault.gapsOf ?? (() => [0]),
    }),
  );
  const defects = [...new Set([...servers, ...stage.sides.map(({ server }) => server)])].flatMap((server) =>
    server.defects(),
  );
  return {
    ...account,
    problems: [...problems, ...account.problems, ...defects],
    defects: defects.length,
    grownBytes,
    fault: fault.name,
    seed,
    recoveryMs: Math.round(recoveryMs),
    retried: load.ledger.retried,
  };
}

function isCurrent({ jobIds }: Load, topic: string): boolean {
  return jobIds.some((id) => topic === nameOfJob(id));
}

async function untilFeedsAtHead(stage: Stage, load: Load): Promise<void> {
  const { head } = await stage.ask((redis) => readLog(redis, feedTopic(load.ownerId)));
  const behind = () =>
    load.watchers.filter(
      ({ kind, deliveries }) =>
        kind === "feed" && Number(deliveries.at(-1)?.id.split(":")[1] ?? 0) < head.offset,
    );
  await until(
    () => behind().length === 0,
    () =>
      `the feeds reach ${head.offset}: ${behind()
        .map(({ name, deliveries }) => `${name} is at ${deliveries.at(-1)?.id}`)
        .join("; ")}`,
  );
}
