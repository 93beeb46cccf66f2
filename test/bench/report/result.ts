import { contenderTitles, type ContenderName } from "../contenders/contender.js";
import type { Measurement, Scenario } from "../scenarios/scenario.js";

/** All runs of one contender in one scenario. */
export interface ContenderResult {
  readonly contender: ContenderName;
  readonly runs: readonly Measurement[];
}

export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly results: readonly ContenderResult[];
}

/** The median of the runs; `null` when none has this metric. */
export function valueOf({ runs }: ContenderResult, key: string): number | null {
  return median(valuesOf(runs, key));
}

/** How far the runs are apart: the largest difference to the median, as a part of it. */
export function spreadOf({ runs }: ContenderResult, key: string): number | null {
  const values = valuesOf(runs, key);
  const middle = median(values);
  if (middle === null || values.length < 2) return null;
  return Math.max(...values.map((value) => Math.abs(value - middle))) / middle;
}

/** A metric of the contender, the first one if not said, as a part of another's. */
export function ratioTo(
  { scenario, results }: ScenarioResult,
  result: ContenderResult,
  against: ContenderName,
  key = scenario.metrics[0].key,
): number | null {
  const other = results.find(({ contender }) => contender === against);
  const value = valueOf(result, key);
  const otherValue = other ? valueOf(other, key) : null;
  return value === null || !otherValue ? null : value / otherValue;
}

/** The most of any run. */
export function worstOf({ runs }: ContenderResult, count: "lost" | "doubled"): number {
  return Math.max(...runs.map((run) => run[count]));
}

export function titleOf({ contender }: ContenderResult): string {
  return contenderTitles[contender];
}

function valuesOf(runs: readonly Measurement[], key: string): number[] {
  return runs.flatMap(({ values }) => values[key] ?? []);
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) return null;
  return sorted.length % 2 === 1 ? middle : (middle + (sorted[sorted.length / 2 - 1] ?? middle)) / 2;
}
