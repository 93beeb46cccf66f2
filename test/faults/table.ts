import type { RunResult } from "./run-fault.js";

const headings = [
  "fault",
  "runs",
  "commits",
  "deliveries",
  "gaps",
  "lost",
  "doubled",
  "recovery ms (worst)",
  "failed",
];

/** One line for each fault, over all its seeds. Recovery is the median and the worst. */
export function tableOf(results: readonly RunResult[]): string {
  const names = [...new Set(results.map(({ fault }) => fault))];
  const rows = names.map((name) => {
    const runs = results.filter(({ fault }) => fault === name);
    const sum = (key: "commits" | "deliveries" | "gaps" | "lost" | "doubled") =>
      String(runs.reduce((total, run) => total + run[key], 0));
    const recoveries = runs.map(({ recoveryMs }) => recoveryMs).toSorted((one, other) => one - other);
    const median = recoveries[Math.floor((recoveries.length - 1) / 2)] ?? 0;
    const failed = runs.filter(({ problems }) => problems.length > 0).length;
    return [
      name,
      String(runs.length),
      ...(["commits", "deliveries", "gaps", "lost", "doubled"] as const).map(sum),
      `${median} (${recoveries.at(-1) ?? 0})`,
      String(failed),
    ];
  });
  return aligned([headings, ...rows]);
}

/** The line a run leaves behind. */
export function progressLine(result: RunResult): string {
  const { fault, seed, commits, deliveries, gaps, lost, doubled, retried, recoveryMs, problems } = result;
  const verdict = problems.length === 0 ? "ok    " : "FAILED";
  const counts = `${commits} commits, ${retried} retried, ${deliveries} deliveries, ${gaps} gaps, ${lost} lost, ${doubled} doubled`;
  return `${verdict} ${fault} --seed ${seed}: ${counts}, live again after ${recoveryMs} ms`;
}

function aligned(table: readonly (readonly string[])[]): string {
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ");
  return table.map(line).join("\n");
}
