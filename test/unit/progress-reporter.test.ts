import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { createProgressReporter } from "../../client/src/worker/progress-reporter.js";

test("a flush waits for what was reported before it, and not for what is reported meanwhile", async () => {
  const sent: number[] = [];
  let percent = 0;
  const reporter = createProgressReporter({
    async send(progress) {
      await nextTurn();
      sent.push(progress.percent);
      // Something new is there whenever something was sent.
      if (percent < 100) reporter.report({ percent: ++percent });
    },
    onError() {},
  });
  reporter.report({ percent: 0 });
  await nextTurn();
  reporter.report({ percent: ++percent });
  await reporter.flush();
  expect(sent).toEqual([0, 2]);
  await reporter.close();
  expect(sent).toEqual([0, 2, 3]);
});
