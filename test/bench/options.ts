import { parseArgs } from "node:util";
import { contenderNames, type ContenderName } from "./contenders/contender.js";
import type { Scenario } from "./scenarios/scenario.js";

export interface Options {
  readonly scenarios: readonly Scenario[];
  readonly contenders: readonly ContenderName[];
  readonly runs: number;
  readonly isQuick: boolean;
  readonly makesProfiles: boolean;
}

/** Those the goals compare with. */
const quickContenders: readonly ContenderName[] = ["jobwire", "transport", "trpc", "bare", "nchan"];

/** @throws Error that says what is wrong; `null`: help was asked for. */
export function readOptions(args: readonly string[], scenarios: readonly Scenario[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: "string", multiple: true },
      contender: { type: "string", multiple: true },
      runs: { type: "string" },
      quick: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return null;
  const runs = Number(values.runs ?? (values.quick ? 1 : 3));
  if (!Number.isInteger(runs) || runs < 1) throw new Error("--runs needs a whole number from 1.");
  const scenarioNames = chosen(
    "scenario",
    values.scenario ?? names(scenarios.filter(({ isLayered }) => !isLayered)),
    names(scenarios),
  );
  return {
    scenarios: scenarios.filter(({ name }) => scenarioNames.includes(name)),
    contenders: chosen(
      "contender",
      values.contender ?? (values.quick ? quickContenders : undefined),
      contenderNames,
    ),
    runs,
    isQuick: values.quick,
    makesProfiles: values.profile,
  };
}

export function helpText(scenarios: readonly Scenario[]): string {
  return `Measures Jobwire beside other ways to serve event streams.

  npm run bench -- [options]

  --scenario <name>   only this scenario; may be repeated
  --contender <name>  only this contender; may be repeated
  --runs <n>          how often each is measured; medians are reported (default 3)
  --quick             one run, smaller sizes, ${quickContenders.join(", ")} only: in under two minutes
  --profile           also CPU profiles of the measured windows, in .bench/profiles/
  --help

Scenarios:
${scenarios.map(({ name, title, isLayered }) => `  ${name.padEnd(14)} ${title}${isLayered ? "; only when named" : ""}`).join("\n")}

Contenders: ${contenderNames.join(", ")}

Results go to .bench/: results.json, report.md and chart.svg. The exit code is 1 when Jobwire lost or doubled an event.`;
}

function chosen<Name extends string>(
  option: string,
  wanted: readonly string[] | undefined,
  known: readonly Name[],
): readonly Name[] {
  const unknown = wanted?.filter((name) => !known.some((one) => one === name)) ?? [];
  if (unknown.length > 0) {
    throw new Error(`There is no ${option} ${unknown.join(", ")}. There are: ${known.join(", ")}.`);
  }
  return known.filter((name) => wanted?.includes(name) ?? true);
}

function names(scenarios: readonly Scenario[]): string[] {
  return scenarios.map(({ name }) => name);
}
