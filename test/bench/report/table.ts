import type { Reach } from "../scenarios/scenario.js";
import { ratioTo, spreadOf, titleOf, valueOf, worstOf, type ScenarioResult } from "./result.js";

/** The results of one scenario: first a line of headings, then one for each contender. */
export function tableOf(result: ScenarioResult): string[][] {
  const { scenario, results } = result;
  if (scenario.isLayered) return layersOf(result);
  const [main, ...others] = scenario.metrics;
  const headings = [
    "contender",
    main.label,
    "spread",
    "to tRPC",
    "to bare",
    ...others.map(({ label }) => label),
    "lost",
    "doubled",
  ];
  const rows = results.map((one) => [
    titleOf(one),
    formatNumber(valueOf(one, main.key), main.digits),
    formatSpread(spreadOf(one, main.key)),
    formatRatio(ratioTo(result, one, "trpc")),
    formatRatio(ratioTo(result, one, "bare")),
    ...others.map(({ key, digits }) => formatNumber(valueOf(one, key), digits)),
    formatNumber(worstOf(one, "lost"), 0),
    formatNumber(worstOf(one, "doubled"), 0),
  ]);
  return [headings, ...rows];
}

/** Beside each value what the layer has added to the one before. */
function layersOf({ scenario: { metrics }, results }: ScenarioResult): string[][] {
  const headings = ["layer", ...metrics.flatMap(({ label }) => [label, "spread", "more"])];
  const rows = results.map((one, index) => {
    const before = results[index - 1];
    const cells = metrics.flatMap(({ key, digits }) => {
      const value = valueOf(one, key);
      const valueBefore = before ? valueOf(before, key) : null;
      const more = value === null || valueBefore === null ? null : value - valueBefore;
      return [formatNumber(value, digits), formatSpread(spreadOf(one, key)), formatNumber(more, digits)];
    });
    return [titleOf(one), ...cells];
  });
  return [headings, ...rows];
}

/** Names on the left, numbers on the right. */
export function alignedText(table: readonly (readonly string[])[]): string {
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ");
  return table.map((row) => `  ${line(row)}`).join("\n");
}

export function markdownText([headings = [], ...rows]: readonly (readonly string[])[]): string {
  const marks = headings.map((_, column) => (column === 0 ? "---" : "---:"));
  return [headings, marks, ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** What Jobwire means to reach in this scenario and whether it does. */
export function reachLines(result: ScenarioResult): string[] {
  const jobwire = result.results.find(({ contender }) => contender === "jobwire");
  if (!jobwire) return [];
  const { reach, metrics } = result.scenario;
  return reach.flatMap(({ against, atMost, metric }: Reach) => {
    const ratio = ratioTo(result, jobwire, against, metric);
    if (ratio === null) return [];
    const verdict = ratio <= atMost ? "reached" : "missed";
    const what = metrics.find(({ key }) => key === metric)?.label;
    return `${verdict}: ${what ? `${what} ` : ""}${formatRatio(ratio, 1)} of ${against}, at most ${formatRatio(atMost, 1)}`;
  });
}

export function formatNumber(value: number | null, digits: number): string {
  if (value === null || !Number.isFinite(value)) return "-";
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function formatSpread(spread: number | null): string {
  return spread === null ? "-" : `${Math.round(spread * 100)} %`;
}

/** Small parts as a fraction: 1/40. */
export function formatRatio(ratio: number | null, moreDigits = 0): string {
  if (ratio === null) return "-";
  if (ratio >= 0.5) return ratio.toFixed(2 + moreDigits);
  const parts = 1 / ratio;
  return `1/${parts.toFixed(parts < 10 ? 1 : moreDigits)}`;
}
