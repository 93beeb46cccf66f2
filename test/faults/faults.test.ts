import { afterAll, describe, expect, test } from "vitest";
import { progressLine } from "./table.js";
import { Stages } from "./run-fault.js";
import { faults } from "./scenarios/fault-list.js";
import { hasRedisServer } from "./support/redis-process.js";

/** More seeds and longer outages: `npm run test:faults`. */
const seed = Number(process.env.JOBWIRE_FAULT_SEED ?? 1 + Math.floor(Math.random() * 999_999_999));
const size = { publishers: 4, streams: 12, jobs: 3 };
const hasRedis = hasRedisServer();

describe.skipIf(!hasRedis)(`faults, --seed ${seed}${hasRedis ? "" : " (there is no redis-server)"}`, () => {
  const stages = new Stages();
  afterAll(() => stages[Symbol.asyncDispose]());

  test.each(faults)("$name: $title", { timeout: 120_000 }, async (fault) => {
    const result = await stages.run(fault, { seed, size, isShort: true });
    expect(result.problems, progressLine(result)).toEqual([]);
    expect(result).toMatchObject({ lost: 0, doubled: 0, disordered: 0 });
  });
});
