import { contenderTitles, type ContenderName } from "../contenders/contender.js";
import { ratioTo, valueOf, type ScenarioResult } from "./result.js";
import { formatNumber, formatRatio } from "./table.js";

/** One line for each scenario: its first metric for everybody, and where Jobwire stands. */
export function summaryOf(results: readonly ScenarioResult[]): string[][] {
  const names = (Object.keys(contenderTitles) as ContenderName[]).filter((name) =>
    results.some((result) => resultOf(result, name)),
  );
  const headings = ["scenario", "unit", ...names.map((name) => contenderTitles[name]), "to tRPC", "to bare"];
  const rows = results.map((result) => {
    const [{ key, label, digits }] = result.scenario.metrics;
    const jobwire = resultOf(result, "jobwire");
    const values = names.map((name) => {
      const one = resultOf(result, name);
      return one ? formatNumber(valueOf(one, key), digits) : "";
    });
    const ratios = (["trpc", "bare"] as const).map((name) =>
      jobwire ? formatRatio(ratioTo(result, jobwire, name)) : "",
    );
    return [result.scenario.name, label, ...values, ...ratios];
  });
  return [headings, ...rows];
}

function resultOf({ results }: ScenarioResult, name: ContenderName) {
  return results.find(({ contender }) => contender === name);
}
