import type { Fault } from "./fault.js";
import { takeAccount, type Account } from "./support/account.js";
import { Load, type LoadSize } from "./support/load.js";
import { feedTopic, readLog } from "./support/log-reading.js";
import { Random } from "./support/random.js";
import { SentinelGroup } from "./support/sentinel-group.js";
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
}

const commitsAfterwards = 20;

export async function startStage({ needsSentinels = false }: Fault): Promise<Stage> {
  return Stage.start(needsSentinels ? await SentinelGroup.start() : undefined);
}

/** Strikes once under load, waits until everything is live again, ends the jobs and takes the account. */
export async function runFault(
  stage: Stage,
  fault: Fault,
  { seed, size, isShort }: RunOptions,
): Promise<RunResult> {
  const random = new Random(seed);
  const servers = stage.sides.map(({ server }) => server);
  await using load = await Load.start(stage, random.fork(), size);
  const struck = (await fault.strike({ stage, load, random: random.fork(), isShort })) ?? {};
  const { taken = new Set<string>(), answeringSince = performance.now() } = struck;
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
  const account = await stage.redis.ask((redis) =>
    takeAccount({
      redis,
      ownerId: load.ownerId,
      jobIds: load.jobIds,
      ledger: load.ledger,
      watchers: load.watchers.filter(({ kind, topic }) => kind === "feed" || isCurrent(load, topic.topic)),
      taken,
      gapsOf: fault.gapsOf ?? (() => [0]),
    }),
  );
  for (const server of new Set([...servers, ...stage.sides.map((side) => side.server)]))
    problems.push(...server.defects());
  return {
    ...account,
    problems: [...problems, ...account.problems],
    fault: fault.name,
    seed,
    recoveryMs: Math.round(recoveryMs),
    retried: load.ledger.retried,
  };
}

function isCurrent({ jobIds }: Load, topic: string): boolean {
  return jobIds.some((id) => topic === `job/${id}`);
}

async function untilFeedsAtHead(stage: Stage, load: Load): Promise<void> {
  const { head } = await stage.redis.ask((redis) => readLog(redis, feedTopic(load.ownerId)));
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
