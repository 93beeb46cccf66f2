import type { Bench } from "./bench.js";
import { contenderTitles, type Contender, type ContenderName } from "./contenders/contender.js";
import type { Progress } from "./progress.js";
import type { ScenarioResult } from "./report/result.js";
import { formatNumber } from "./report/table.js";
import type { Measurement, Scenario } from "./scenarios/scenario.js";

export interface RunOptions {
  /** Those that can run here. */
  readonly contenders: readonly Contender[];
  readonly runs: number;
  readonly progress: Progress;
}

/** Measures each contender in turn, `runs` times over: what disturbs the machine for a while disturbs them all. */
export async function runScenario(
  bench: Bench,
  scenario: Scenario,
  { contenders, runs, progress }: RunOptions,
): Promise<ScenarioResult> {
  const [main] = scenario.metrics;
  const asked = scenario.contenders.flatMap((name) => contenders.filter((one) => one.name === name));
  const measured = new Map<ContenderName, Measurement[]>(asked.map(({ name }) => [name, []]));
  progress.start(scenario.name, runs * asked.length);
  for (let run = 0; run < runs; run++) {
    for (const contender of rotated(asked, run)) {
      const { name } = contender;
      progress.begin(`${contenderTitles[name]}, run ${run + 1}`);
      if (bench.profiles) bench.profiles.name = `${scenario.name}-${name}-${run + 1}`;
      const measurement = await measureAgain(() => scenario.measure(bench, contender));
      measured.get(name)?.push(measurement);
      progress.finish(`${formatNumber(measurement.values[main.key] ?? null, main.digits)} ${main.label}`);
    }
  }
  progress.stop();
  return {
    scenario,
    results: [...measured].map(([contender, measurements]) => ({ contender, runs: measurements })),
  };
}

/** A machine that is busy with something else may fail once; whoever fails twice in a row does not work. */
async function measureAgain(measure: () => Promise<Measurement>): Promise<Measurement> {
  try {
    return await measure();
  } catch (error) {
    console.log(`failed, tried again: ${error instanceof Error ? error.message : String(error)}`);
    return measure();
  }
}

/** Nobody always comes first. */
function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const start = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
