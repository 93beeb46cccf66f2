import { expect, test } from "vitest";
import { runCommand } from "@jobwire/client/worker";

const { signal } = new AbortController();
const write = async () => {};

test.each([Infinity, 30 * 86_400_000])("a command may take as long as it likes: %d ms", async (timeoutMs) => {
  await runCommand({ file: "sleep", args: ["0.1"], timeoutMs }, { signal, write });
});

test("of any number of commands at once Node suspects no leak, and nothing of them is left", async () => {
  const before = process.listenerCount("exit");
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning);
  process.on("warning", onWarning);
  const running = Promise.all(
    Array.from({ length: 12 }, () => runCommand({ file: "sleep", args: ["0.1"] }, { signal, write })),
  );
  expect(process.listenerCount("exit")).toBe(before + 1);
  await running;
  process.removeListener("warning", onWarning);
  expect(warnings).toEqual([]);
  expect(process.listenerCount("exit")).toBe(before);
});
