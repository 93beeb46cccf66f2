import { expect, test } from "vitest";
import { readTime } from "../../client/src/cli/commands/list.js";

test.each([
  ["2026-01-31", "2026-01-31T00:00:00Z"],
  ["2026-01-31T09:30Z", "2026-01-31T09:30:00Z"],
  ["2026-01-31T09:30:15.5Z", "2026-01-31T09:30:15.500Z"],
  ["2026-01-31T09:30+02:00", "2026-01-31T07:30:00Z"],
])("a time is written as ISO 8601 has it: %s", (text, time) => {
  expect(readTime(text)).toEqual(new Date(time));
});

test("a time without a zone is one of this machine", () => {
  expect(readTime("2026-01-31T09:30")).toEqual(new Date(2026, 0, 31, 9, 30));
});

test.each(["tomorrow 5", "in 5", "5", "1/2/2026", "2026-02-31", "2026-01-31 at noon 5", ""])(
  "no time is guessed: %j",
  (text) => {
    expect(() => readTime(text)).toThrow("Expected a time such as 2026-01-31");
  },
);
