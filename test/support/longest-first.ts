import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes longest: begun last, one of these would be all that a run still waits for. */
const longest = [
  "test/faults/faults.test.ts",
  "test/integration/everything-ends.test.ts",
  "test/packages/packed.test.ts",
  "test/faults/outage.test.ts",
  "test/contract/cluster-moves.test.ts",
  "test/sse/faults/slow-reader.test.ts",
];

/**
 * Then files that have a process each, and at the end those that share what they import: a process that has imported it is
 * kept only while the next file can use it too.
 */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line no-array-sort -- it is no array's
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => rankOf(one) - rankOf(other));
  }
}

function rankOf({ moduleId, project }: TestSpecification): number {
  const place = longest.findIndex((file) => moduleId.endsWith(file));
  if (place >= 0) return place;
  return longest.length + (project.config.isolate ? 0 : 1);
}
