import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Bench } from "./bench.js";
import { buildPrograms } from "./build.js";
import { contenderTitles, type Contender } from "./contenders/contender.js";
import { loadContender } from "./contenders/load-contender.js";
import { helpText, readOptions, type Options } from "./options.js";
import { Child } from "./processes/child.js";
import type { LoadCalls } from "./processes/load-process.js";
import { startRedis } from "./processes/redis.js";
import { createProgress } from "./progress.js";
import { worstOf, type ScenarioResult } from "./report/result.js";
import { summaryOf } from "./report/summary.js";
import { alignedText, reachLines, tableOf } from "./report/table.js";
import { writeReport } from "./report/write-report.js";
import { runScenario } from "./run-scenario.js";
import { scenarios } from "./scenarios/scenario-list.js";

const directory = fileURLToPath(new URL("../../.bench", import.meta.url));

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), scenarios);
  if (!options) return console.log(helpText(scenarios));
  // What this process has started ends with it.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  const results = await measure(options);
  await writeReport(directory, results);
  if (results.length > 1) console.log(`\n${alignedText(summaryOf(results))}`);
  console.log("\nWritten: .bench/results.json, .bench/report.md, .bench/chart.svg");
  const failed = results.filter(({ results: all }) =>
    all.some(
      (one) =>
        (one.contender === "jobwire" || one.contender === "transport") &&
        worstOf(one, "lost") + worstOf(one, "doubled") > 0,
    ),
  );
  if (failed.length === 0) return;
  console.error(
    `Jobwire lost or doubled events in: ${failed.map(({ scenario }) => scenario.name).join(", ")}`,
  );
  process.exitCode = 1;
}

async function measure(options: Options): Promise<ScenarioResult[]> {
  const profiles = join(directory, "profiles");
  await mkdir(profiles, { recursive: true });
  const programs = await buildPrograms(join(directory, "build"));
  const redis = await startRedis();
  await using _redis = redis;
  await using load = new Child<LoadCalls>(programs.load);
  if (!redis) console.log("skipped: Redis, there is no redis-server here; all use stores in memory");
  const bench: Bench = {
    isQuick: options.isQuick,
    programs,
    load,
    redis,
    profiles: options.makesProfiles ? { directory: profiles, name: "" } : null,
  };
  const contenders = (await Promise.all(options.contenders.map(loadContender))).filter((contender) =>
    isAble(contender, { hasRedis: redis !== null }),
  );
  const progress = createProgress(process.stdout);
  const results: ScenarioResult[] = [];
  for (const scenario of options.scenarios) {
    if (scenario.needsRedis && !redis) {
      console.log(`skipped: ${scenario.name}, it needs Redis`);
      continue;
    }
    const result = await runScenario(bench, scenario, { contenders, runs: options.runs, progress });
    results.push(result);
    print(result);
  }
  return results;
}

function isAble({ name, missing }: Contender, machine: { hasRedis: boolean }): boolean {
  const reason = missing?.(machine);
  if (reason !== undefined) console.log(`skipped: ${contenderTitles[name]}, ${reason}`);
  return reason === undefined;
}

function print(result: ScenarioResult): void {
  const { name, title } = result.scenario;
  const reach = reachLines(result).map((line) => `\n  ${line}`);
  console.log(`\n${name}: ${title}\n${alignedText(tableOf(result))}${reach.join("")}\n`);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  process.exitCode = 1;
}
