import type { RunResult } from "./run-fault.js";

const headings = [
  "fault",
  "runs",
  "commits",
  "deliveries",
  "gaps",
  "lost",
  "doubled",
  "disordered",
  "defects",
  "recovery ms (worst)",
  "memory MiB",
  "failed",
];

const summed = ["commits", "deliveries", "gaps", "lost", "doubled", "disordered", "defects"] as const;

/** One line for each fault, over all its seeds. Recovery is the median and the worst, memory the largest growth. */
export function tableOf(results: readonly RunResult[]): string {
  const names = [...new Set(results.map(({ fault }) => fault))];
  const rows = names.map((name) => {
    const runs = results.filter(({ fault }) => fault === name);
    const sum = (key: (typeof summed)[number]) => String(runs.reduce((total, run) => total + run[key], 0));
    const recoveries = runs.map(({ recoveryMs }) => recoveryMs).toSorted((one, other) => one - other);
    const median = recoveries[Math.floor((recoveries.length - 1) / 2)] ?? 0;
    const failed = runs.filter(({ problems }) => problems.length > 0).length;
    return [
      name,
      String(runs.length),
      ...summed.map(sum),
      `${median} (${recoveries.at(-1) ?? 0})`,
      mebibytes(Math.max(...runs.map(({ grownBytes }) => grownBytes))),
      String(failed),
    ];
  });
  return aligned([headings, ...rows]);
}

/** The line a run leaves behind. */
export function progressLine(result: RunResult): string {
  const { fault, seed, commits, deliveries, gaps, lost, doubled, retried, problems } = result;
  const verdict = problems.length === 0 ? "ok    " : "FAILED";
  const counts = `${commits} commits, ${retried} retried, ${deliveries} deliveries, ${gaps} gaps, ${lost} lost, ${doubled} doubled`;
  return `${verdict} ${fault} --seed ${seed}: ${counts}, live again after ${result.recoveryMs} ms, memory ${mebibytes(result.grownBytes)} MiB`;
}

function mebibytes(bytes: number): string {
  return `${bytes < 0 ? "" : "+"}${(bytes / 1024 / 1024).toFixed(1)}`;
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
