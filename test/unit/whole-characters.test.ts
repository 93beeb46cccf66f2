import { expect, test } from "vitest";
import { stageLine } from "../../client/src/terminal/stage-line.js";
import { FailingLine } from "../../client/src/worker/failing-line.js";
import { failureMessage } from "../../client/src/worker/failure-message.js";

/** Cut after any number of units, one of the two is cut in a character. */
const long = ["😀".repeat(6000), `x${"😀".repeat(6000)}`];

test("a text that is too long is cut between characters: a reason, a failing line, a line of a terminal", () => {
  for (const message of long) {
    expect(failureMessage(message).isWellFormed()).toBe(true);
    const failing = new FailingLine();
    failing.take(`error ${message}`, "stderr");
    expect(failing.text.isWellFormed()).toBe(true);
    const startedAt = new Date();
    const stage = {
      stage: "code",
      stageLabel: "Writing code",
      message,
      attempt: 1,
      startedAt,
      durationMs: 1,
      outcome: null,
    } as const;
    expect(stageLine(stage, "running", null, 100).isWellFormed()).toBe(true);
  }
});
