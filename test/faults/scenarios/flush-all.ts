import { everything } from "../support/account.js";
import type { Fault } from "../fault.js";
import type { Load } from "../support/load.js";
import type { RedisProcess } from "../support/redis-process.js";
import { until } from "../support/until.js";

/** Redis forgets everything: the feeds see one gap and go on, and streams of jobs that are gone are told so. */
export const flushAll: Fault = {
  name: "flush-all",
  title: "FLUSHALL; new jobs follow",
  gapsOf: ({ kind }) => [kind === "feed" ? 1 : 0],
  strike: ({ stage, load }) => loseEverything(load, stage.redis),
};

/** The Redis that has all topics of this load forgets them. */
export async function loseEverything(
  load: Load,
  redis: RedisProcess,
): Promise<{ readonly answeringSince: number; readonly taken: ReadonlySet<string> }> {
  await load.untilAllLive();
  const old = load.watchers.filter(({ kind }) => kind === "job");
  await redis.ask((client) => client.flushall());
  const answeringSince = performance.now();
  await load.createJobs();
  load.watchJobs();
  load.watchOutputs();
  const silent = () => old.filter(({ ending }) => ending === "open").map(({ name }) => name);
  await until(
    () => silent().length === 0,
    () => `the streams of lost jobs are told: ${silent().join("; ")}`,
    15_000,
  );
  const wrong = old.filter(({ ending }) => typeof ending !== "object" || !/NOT_FOUND|404/.test(ending.error));
  if (wrong.length > 0) throw new Error(`${wrong[0]?.name} ended with ${JSON.stringify(wrong[0]?.ending)}`);
  return { answeringSince, taken: new Set([everything]) };
}
