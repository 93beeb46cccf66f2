import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes longest: begun last, one of these would be all that a run still waits for. */
const longest = [
  "test/faults/faults.test.ts",
  "test/client/memory/memory.test.ts",
  "test/contract/valkey-store.test.ts",
  "test/integration/demo.test.ts",
  "test/examples/started.test.ts",
  "test/integration/tasks-processes.test.ts",
  "test/examples/programs-in-pages.test.ts",
  "test/client/tabs/tabs.test.ts",
  "test/integration/job-lists.test.ts",
  "test/integration/spool-crowd.test.ts",
  "test/integration/members.test.ts",
  "test/contract/file-store.test.ts",
  "test/integration/sessions-processes.test.ts",
  "test/integration/build-worker-process.test.ts",
  "test/integration/tasks-outage.test.ts",
  "test/integration/everything-ends.test.ts",
  "test/packages/packed.test.ts",
  "test/faults/outage.test.ts",
  "test/contract/cluster-moves.test.ts",
  "test/sse/faults/slow-reader.test.ts",
];

/**
 * First of all what takes as long as all of those that have a process each; then these, then the others, project by
 * project: a process that has imported what files share is kept only while the next file can use it too.
 */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line no-array-sort -- it is no array's
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => rankOf(one) - rankOf(other));
  }
}

const projects = ["alone", "react", "page", "node"];

function rankOf({ moduleId, project }: TestSpecification): number {
  const place = longest.findIndex((file) => moduleId.endsWith(file));
  if (place === 0) return -1;
  const ofProject = projects.indexOf(project.name) * (longest.length + 1);
  return ofProject + (place < 0 ? longest.length : place);
}
