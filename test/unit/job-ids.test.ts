import { expect, test } from "vitest";
import { JobIds } from "../../server/src/jobs/job-ids.js";

test("jobs are in the order in which they were made, also those of one millisecond and of a clock that was set back", () => {
  const ids = new JobIds();
  const times = [1_800_000_000_000, 1_800_000_000_000, 1_800_000_000_001, 1_799_999_999_000];
  const made = times.flatMap((time) => Array.from({ length: 1000 }, () => ids.next(new Date(time))));
  expect(made).toEqual(made.toSorted());
  expect(new Set(made).size).toBe(made.length);
});
