import { writeFile } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { chartOf } from "./chart.js";
import { ratioTo, type ScenarioResult } from "./result.js";
import { summaryOf } from "./summary.js";
import { markdownText, reachLines, tableOf } from "./table.js";

/** Writes what was measured for programs, for people and as a picture. */
export async function writeReport(directory: string, results: readonly ScenarioResult[]): Promise<void> {
  await writeFile(join(directory, "results.json"), `${JSON.stringify(jsonOf(results), null, 2)}\n`);
  await writeFile(join(directory, "report.md"), markdownOf(results));
  await writeFile(join(directory, "chart.svg"), chartOf(results));
}

function jsonOf(results: readonly ScenarioResult[]) {
  return {
    machine: machine(),
    scenarios: results.map((result) => ({
      name: result.scenario.name,
      title: result.scenario.title,
      metrics: result.scenario.metrics,
      contenders: result.results.map((one) => ({
        ...one,
        toTrpc: ratioTo(result, one, "trpc"),
        toBare: ratioTo(result, one, "bare"),
      })),
    })),
  };
}

function markdownOf(results: readonly ScenarioResult[]): string {
  const { cores, model, node } = machine();
  const parts = results.map((result) => {
    const { name, title } = result.scenario;
    const reach = reachLines(result).map((line) => `- ${line}`);
    return [`### ${name}`, `${title}.`, markdownText(tableOf(result)), reach.join("\n")]
      .filter(Boolean)
      .join("\n\n");
  });
  const about = `${cores} cores (${model}), Node ${node}.`;
  return `${[about, markdownText(summaryOf(results)), ...parts].join("\n\n")}\n`;
}

function machine() {
  return {
    cores: availableParallelism(),
    model: cpus()[0]?.model.trim() ?? "unknown",
    node: process.versions.node,
  };
}
