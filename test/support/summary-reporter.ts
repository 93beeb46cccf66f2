import type { Reporter, TestCase, TestModule } from "vitest/node";

/**
 * Says the outcome of a run in one line, the last one: `123 passed, 0 failed` or `123 passed, 0 failed, 4 skipped`.
 * Type tests count like any other test. A failed hook, a test file that does not load and an unhandled error count as
 * failures, so that a red run never says `0 failed`. Skipped tests are named; where `CI` is set they make a run red. The
 * slowest files of a long run are named too.
 */
export default class SummaryReporter implements Reporter {
  #summary: Summary = { passed: 0, failed: 0, skipped: [], slowest: [] };

  onInit(): void {
    // Vitest itself may have more to say after the run, about a worker that hangs for example.
    process.once("exit", (exitCode) => {
      const failed = Math.max(this.#summary.failed, exitCode === 0 ? 0 : 1);
      process.stdout.write(`${summaryText({ ...this.#summary, failed })}\n`);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    this.#summary = summarize(modules, unhandledErrors);
    if (this.#summary.failed > 0 || (isCi && this.#summary.skipped.length > 0)) process.exitCode = 1;
  }
}

const isCi = Boolean(process.env["CI"]);

interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly TestCase[];
  readonly slowest: readonly TestModule[];
}

const slowestCount = 10;

function summarize(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): Summary {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
  const inState = (state: string) => tests.filter((test) => test.result().state === state);
  const brokenSuites = suites.filter((suite) => suite.errors().length > 0);
  return {
    passed: inState("passed").length,
    // A test that was still pending when the run ended never had its say.
    failed:
      inState("failed").length + inState("pending").length + brokenSuites.length + unhandledErrors.length,
    skipped: inState("skipped"),
    slowest: modules
      .toSorted((one, other) => other.diagnostic().duration - one.diagnostic().duration)
      .slice(0, modules.length > slowestCount ? slowestCount : 0),
  };
}

function summaryText({ passed, failed, skipped, slowest }: Summary): string {
  const counts = `${passed} passed, ${failed} failed`;
  const total = skipped.length === 0 ? counts : `${counts}, ${skipped.length} skipped`;
  const verdict = isCi && skipped.length > 0 ? ["A skipped test fails the run where CI is set."] : [];
  return [...slowest.map(slowText), ...skipped.map(skippedText), ...verdict, total].join("\n");
}

function slowText(module: TestModule): string {
  return `slow: ${(module.diagnostic().duration / 1000).toFixed(1)} s ${module.relativeModuleId}`;
}

function skippedText(test: TestCase): string {
  const result = test.result();
  const reason = result.state === "skipped" && result.note ? ` (${result.note})` : "";
  return `skipped: ${test.module.relativeModuleId} > ${test.fullName}${reason}`;
}
