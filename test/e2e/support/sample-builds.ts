import { setTimeout as delay } from "node:timers/promises";
import { driveJob, type DrivenJob } from "./drive-job.js";
import type { Shop } from "./shop.js";

/** For pictures: builds that have written something, each of whose stages took its time. */
export interface SampleBuilds {
  readonly running: DrivenJob;
  /** In its second attempt. */
  readonly failed: DrivenJob;
}

const passed = "\u001B[32m✓\u001B[39m src/plan.test.ts \u001B[2m(12 tests)\u001B[22m 34ms\n";
const failure = "src/plan.ts(41,7): error TS2322: Type 'string' is not assignable to type 'number'.";

export async function driveSampleBuilds(shop: Shop, sub: string): Promise<SampleBuilds> {
  const failed = await driveJob(shop, sub, "Berth planner");
  const running = await driveJob(shop, sub, "Crane telemetry: load cells of the north quay");
  for (const job of [failed, running]) await passThrough(job);

  const retry = { jobId: failed.id, message: `Retry 1 of 1, the checks failed: ${failure}` };
  for (const to of ["scaffold", "code", "deps", "checks"] as const) {
    await failed.service.jobs.transition.mutate({ ...retry, to });
    await delay(250);
  }
  await failed.write(`${passed.repeat(40)}\u001B[31m×\u001B[39m ${failure}\n`, {
    attempt: 2,
    stream: "stderr",
  });
  await failed.write("  at plan (src/plan.ts:41:7)\n", { attempt: 2, stream: "stderr" });
  await failed.fail(`npm run test failed with exit code 1: ${failure}`);

  await running.write(passed.repeat(60));
  await running.progress([60]);
  return { running, failed };
}

async function passThrough(job: DrivenJob): Promise<void> {
  await job.to("scaffold");
  await delay(300);
  await job.to("code");
  await delay(900);
  await job.to("deps");
  await job.write("> npm ci\nadded 214 packages in 3s\n");
  await delay(600);
  await job.to("checks");
  await delay(400);
}
