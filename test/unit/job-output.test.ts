import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { JobOutput } from "../../client/src/worker/job-output.js";

/** An output whose calls fail while this says so, and what the others brought. */
function openOutput(isRefused: () => boolean) {
  const [sent, errors]: [string[], unknown[]] = [[], []];
  const output = new JobOutput({
    stage: "code",
    attempt: 1,
    async send(pieces) {
      await nextTurn();
      if (isRefused()) throw new Error("refused");
      for (const { text } of pieces) sent.push(text);
    },
    onError: (error) => errors.push(error),
  });
  return { output, sent, errors };
}

test("output that cannot be sent is missing in the place where it would be, as long as it was", async () => {
  let isRefused = false;
  const { output, sent, errors } = openOutput(() => isRefused);
  const line = `${"x".repeat(65_535)}\n`;
  await output.write(line.repeat(4));
  isRefused = true;
  await output.write(line.repeat(8));
  isRefused = false;
  await output.write("the end\n");
  await output.close();
  expect(sent).toEqual([
    ...Array<string>(4).fill(line),
    "[524288 characters could not be sent]\n",
    "the end\n",
  ]);
  expect(errors).toHaveLength(1);
});

test("output that is missing at the end is told of when the output is closed", async () => {
  let calls = 0;
  const { output, sent } = openOutput(() => calls++ === 0);
  await output.write("the end\n");
  await output.close();
  expect(sent).toEqual(["[8 characters could not be sent]\n"]);
});

test("an output that is written to without end is closed with what was written before", async () => {
  const { output, sent } = openOutput(() => false);
  let isOver = false;
  const write = async () => {
    while (!isOver) await output.write(`${"x".repeat(1000)}\n`);
  };
  const writing = write();
  await output.close();
  const { length } = sent;
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  isOver = true;
  await writing;
  expect(sent).toHaveLength(length);
});
