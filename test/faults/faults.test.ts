import { afterAll, describe, expect, test } from "vitest";
import { progressLine } from "./table.js";
import { runFault, startStage } from "./run-fault.js";
import { faults } from "./scenarios/fault-list.js";
import { hasRedisServer } from "./support/redis-process.js";
import type { Stage } from "./support/stage.js";

/** More seeds and longer outages: `npm run test:faults`. */
const seed = Number(process.env.JOBWIRE_FAULT_SEED ?? 1 + Math.floor(Math.random() * 999_999_999));
const size = { publishers: 4, streams: 12, jobs: 3 };
const hasRedis = hasRedisServer();

describe.skipIf(!hasRedis)(`faults, --seed ${seed}${hasRedis ? "" : " (there is no redis-server)"}`, () => {
  let stage: Stage | undefined;

  const close = async () => {
    const old = stage;
    stage = undefined;
    await old?.[Symbol.asyncDispose]();
  };

  afterAll(close);

  test.each(faults)("$name: $title", { timeout: 120_000 }, async (fault) => {
    if (fault.needsSentinels) await close();
    stage ??= await startStage(fault);
    let isHealthy = false;
    try {
      const result = await runFault(stage, fault, { seed, size, isShort: true });
      expect(result.problems, progressLine(result)).toEqual([]);
      expect(result).toMatchObject({ lost: 0, doubled: 0 });
      isHealthy = !fault.needsSentinels;
    } finally {
      // After a run that failed the next one gets a stage of its own.
      if (!isHealthy) await close();
    }
  });
});
