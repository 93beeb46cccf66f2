import buildPrograms from "../support/build-programs.js";
import type { Fault } from "./fault.js";
import { helpText, readOptions, type Options } from "./options.js";
import { Stages, type RunResult } from "./run-fault.js";
import { faults } from "./scenarios/fault-list.js";
import { hasRedisServer } from "./support/redis-process.js";
import { progressLine, tableOf } from "./table.js";

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), faults);
  if (!options) return say(helpText(faults));
  if (!hasRedisServer()) throw new Error("There is no redis-server on the PATH.");
  await buildPrograms();
  // The children of this process end with it.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  const results = await runAll(options);
  say(`\n${tableOf(results)}`);
  if (results.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
}

async function runAll({ faults: chosen, seeds, size, isShort }: Options): Promise<RunResult[]> {
  const results: RunResult[] = [];
  await using stages = new Stages();
  for (const fault of chosen) {
    for (const seed of seeds) {
      const result = await stages
        .run(fault, { seed, size, isShort })
        .catch((error: unknown) => brokenOff(fault, seed, error));
      results.push(result);
      say(progressLine(result));
      for (const problem of result.problems) say(`       ${problem}`);
    }
  }
  return results;
}

/** A run that did not come to its account. */
function brokenOff({ name }: Fault, seed: number, error: unknown): RunResult {
  const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const nothing = { commits: 0, deliveries: 0, gaps: 0, lost: 0, doubled: 0, disordered: 0, retried: 0 };
  return { ...nothing, recoveryMs: 0, grownBytes: 0, defects: 0, fault: name, seed, problems: [problem] };
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  // A stage that did not come up leaves processes behind; they end with this one.
  process.exit(1);
}
